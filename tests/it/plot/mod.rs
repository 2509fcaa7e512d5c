//! Pictures: every kind is drawn, has its texts, and shows the data at the right place.

mod extremes;
mod geometry;
mod hostile;
mod kinds;
mod kit;
