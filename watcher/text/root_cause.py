"""The innermost of nested exceptions: the outer ones often quote an address."""


def root_cause(error: BaseException) -> BaseException:
    """Return the exception that started a chain of causes and contexts."""
    while inner := error.__cause__ or error.__context__:
        error = inner
    return error
