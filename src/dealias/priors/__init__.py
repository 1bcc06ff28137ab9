"""What learns from images alone: each file is one prior, its name the file's."""
