//! Quotes that are never closed.
//!
//! The splitter ends a field in quotes at the end of the text, closed or not. It also ends one at the quote
//! that opens a later field, and takes the rest of that field as it is. Both lose rows silently.

use crate::error::Error;

/// Follows the quotes of a table, byte by byte.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quotes {
    delimiter: u8,
    state: State,
    /// The current line, and that of the last quote that opened a field.
    line: u64,
    opened: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the beginning of a field.
    Start,
    /// In a field without quotes, or behind a quote that ended in the line where it began.
    Bare,
    Quoted,
    /// Behind a quote in a field in quotes: it ends there unless another quote follows.
    Quote,
    /// In spaces behind a field in quotes that has several lines.
    Closed,
}

impl Quotes {
    pub(super) fn new(delimiter: u8) -> Self {
        Quotes { delimiter, state: State::Start, line: 1, opened: 1 }
    }

    /// Begins a record in this line.
    pub(super) fn begin(&mut self, line: u64) {
        (self.state, self.line) = (State::Start, line);
    }

    /// Reads the next bytes of the record.
    ///
    /// # Errors
    /// Returns [`Error::InvalidLine`] if a field in quotes spans lines and text follows its last quote.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<(), Error> {
        for &byte in bytes {
            self.state = match (self.state, byte) {
                (State::Start, b'"') => {
                    self.opened = self.line;
                    State::Quoted
                }
                (State::Quoted, b'"') => State::Quote,
                (State::Quote, b'"') => State::Quoted,
                (State::Quoted, _) => State::Quoted,
                (_, b'\n' | b'\r') => State::Start,
                (_, byte) if byte == self.delimiter => State::Start,
                (State::Start | State::Bare, _) => State::Bare,
                (State::Quote, _) if self.line == self.opened => State::Bare,
                (State::Quote | State::Closed, b' ' | b'\t') => State::Closed,
                (State::Quote | State::Closed, _) => return Err(self.text_behind()),
            };
            self.line += u64::from(byte == b'\n');
        }
        Ok(())
    }

    /// Checks that no quote is open at the end of the text.
    ///
    /// # Errors
    /// Returns [`Error::InvalidLine`] with the line in which it opened.
    pub(super) fn end(&self) -> Result<(), Error> {
        if self.state != State::Quoted {
            return Ok(());
        }
        let reason = "the quote that opens a field here is never closed: close it, or, if it belongs to the \
                      text, put the field in quotes and double it";
        Err(Error::InvalidLine { line: self.opened, reason: reason.to_owned() })
    }

    fn text_behind(&self) -> Error {
        let reason = format!(
            "the quote that opens a field here is not closed before line {}, where text follows the next \
             quote: close it, or, if it belongs to the text, put the field in quotes and double it",
            self.line
        );
        Error::InvalidLine { line: self.opened, reason }
    }
}
