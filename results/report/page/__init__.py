"""The files of the page: one template, its style and its scripts, put together by `render`."""
