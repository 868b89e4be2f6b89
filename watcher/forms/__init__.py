"""The forms in which a message is shown: text, terminal, mail, and what each service is sent."""
