//! Recordings of calls, in pieces.
