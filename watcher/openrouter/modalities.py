"""What a model can take in and give out, by OpenRouter's schema."""

INPUT = ("text", "image", "file", "audio", "video")
OUTPUT = ("text", "image", "audio", "video", "embeddings", "rerank", "speech", "transcription")
