//! How words are spoken in a workspace.
