"""Small trees answered for many designs at once, by masks of leaves that are possible."""
