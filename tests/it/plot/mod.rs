//! Pictures: every kind is drawn, says what it should, and shows the data where it is.

mod geometry;
mod hostile;
mod kinds;
mod kit;
