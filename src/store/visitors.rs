//! Visitors of the public pages and of the widget.
