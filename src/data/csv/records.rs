//! The records of a table of text, read one at a time in bounded memory.

use std::io::{ErrorKind, Read};

use csv_core::ReadRecordResult;

use super::quotes::Quotes;
use crate::error::Error;

/// The number of bytes read at once.
const PIECE: usize = 1 << 16;
/// The largest number of bytes of a record.
const LONGEST: usize = 1 << 24;
/// The largest number of fields of a record.
const MOST_FIELDS: usize = 1 << 20;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Splits a source into records, of which the current one can be read.
pub(super) struct Records<R> {
    source: R,
    reader: csv_core::Reader,
    quotes: Quotes,
    /// The bytes read so far, of which the range `unread` is not yet split.
    input: Vec<u8>,
    unread: std::ops::Range<usize>,
    /// The number of bytes that may still be read.
    budget: u64,
    max_bytes: u64,
    fields: Vec<u8>,
    ends: Vec<usize>,
    count: usize,
    /// The line in which the current record begins, and the line in which the next one may begin.
    line: u64,
    next_line: u64,
    /// Whether the next record is the current one again.
    again: bool,
}

impl<R: Read> Records<R> {
    pub(super) fn new(source: R, delimiter: u8, max_bytes: u64) -> Result<Self, Error> {
        let mut records = Records {
            source,
            reader: csv_core::ReaderBuilder::new().delimiter(delimiter).build(),
            quotes: Quotes::new(delimiter),
            input: vec![0; PIECE],
            unread: 0..0,
            budget: max_bytes,
            max_bytes,
            fields: vec![0; 1 << 10],
            ends: vec![0; 1 << 6],
            count: 0,
            line: 1,
            next_line: 1,
            again: false,
        };
        while records.unread.len() < BYTE_ORDER_MARK.len() && records.fill()? {}
        if records.input[records.unread.clone()].starts_with(BYTE_ORDER_MARK) {
            records.unread.start += BYTE_ORDER_MARK.len();
        }
        Ok(records)
    }

    /// Advances to the next record, and returns whether there was one. Empty lines are skipped.
    ///
    /// # Errors
    /// Returns [`Error::InvalidLine`] for a quote that is never closed and for a record that is too long, and
    /// [`Error::Read`] if the source fails.
    pub(super) fn next(&mut self) -> Result<bool, Error> {
        if std::mem::take(&mut self.again) {
            return Ok(true);
        }
        self.skip_empty_lines()?;
        self.line = self.next_line;
        self.reader.set_line(self.line);
        self.quotes.begin(self.line);
        let (mut length, mut count) = (0, 0);
        loop {
            // An empty input tells the reader that the source has ended.
            if self.unread.is_empty() && !self.fill()? {
                self.quotes.end()?;
            }
            let (result, read, written, ends) = self.reader.read_record(
                &self.input[self.unread.clone()],
                &mut self.fields[length..],
                &mut self.ends[count..],
            );
            self.quotes.read(&self.input[self.unread.start..self.unread.start + read])?;
            self.unread.start += read;
            (length, count) = (length + written, count + ends);
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.grow_fields()?,
                ReadRecordResult::OutputEndsFull => self.grow_ends()?,
                ReadRecordResult::Record => {
                    (self.next_line, self.count) = (self.reader.line(), count);
                    return Ok(true);
                }
                ReadRecordResult::End => return Ok(false),
            }
        }
    }

    /// Makes the next record the current one again.
    pub(super) fn repeat(&mut self) {
        self.again = true;
    }

    /// Returns the number of fields of the record.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn field(&self, index: usize) -> &[u8] {
        &self.fields[self.start(index)..self.ends[index]]
    }

    fn start(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.ends[before])
    }

    /// Returns the line in which the record begins, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Returns the line in which a field begins. Quoted fields before it may span several lines.
    pub(super) fn line_of(&self, index: usize) -> u64 {
        let before = &self.fields[..self.start(index)];
        self.line + before.iter().filter(|&&byte| byte == b'\n').count() as u64
    }

    /// Skips empty lines, so that the line of a record is that of its first character.
    fn skip_empty_lines(&mut self) -> Result<(), Error> {
        loop {
            if self.unread.is_empty() && !self.fill()? {
                return Ok(());
            }
            match self.input[self.unread.start] {
                b'\n' => self.next_line += 1,
                b'\r' => {}
                _ => return Ok(()),
            }
            self.unread.start += 1;
        }
    }

    /// Reads more bytes, which follow the unread ones, and returns whether there were any.
    fn fill(&mut self) -> Result<bool, Error> {
        if self.unread.is_empty() {
            self.unread = 0..0;
        }
        loop {
            match self.source.read(&mut self.input[self.unread.end..]) {
                Ok(count) => {
                    let left = self.budget.checked_sub(count as u64);
                    self.budget = left.ok_or_else(|| Error::InvalidLine {
                        line: self.next_line,
                        reason: format!(
                            "the table is longer than {} bytes: raise `max_bytes`",
                            self.max_bytes
                        ),
                    })?;
                    self.unread.end += count;
                    return Ok(count > 0);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::Read { kind: error.kind(), message: error.to_string() }),
            }
        }
    }

    fn grow_fields(&mut self) -> Result<(), Error> {
        if self.fields.len() >= LONGEST {
            let reason =
                format!("the record is longer than {LONGEST} bytes: check for a missing closing quote");
            return Err(Error::InvalidLine { line: self.line, reason });
        }
        self.fields.resize(2 * self.fields.len(), 0);
        Ok(())
    }

    fn grow_ends(&mut self) -> Result<(), Error> {
        if self.ends.len() >= MOST_FIELDS {
            let reason = format!("the record has more than {MOST_FIELDS} fields: check the delimiter");
            return Err(Error::InvalidLine { line: self.line, reason });
        }
        self.ends.resize(2 * self.ends.len(), 0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::*;

    /// The records with their lines, read in pieces of `piece` bytes.
    fn split(text: &str, piece: usize) -> Vec<(u64, Vec<String>)> {
        struct Pieces<'a>(&'a [u8], usize);
        impl Read for Pieces<'_> {
            fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
                let count = self.1.min(self.0.len()).min(into.len());
                let (now, later) = self.0.split_at(count);
                into[..count].copy_from_slice(now);
                self.0 = later;
                Ok(count)
            }
        }
        let mut records = Records::new(Pieces(text.as_bytes(), piece), b',', 1 << 20).unwrap();
        let mut all = Vec::new();
        while records.next().unwrap() {
            let fields = (0..records.len()).map(|i| String::from_utf8(records.field(i).to_vec()).unwrap());
            all.push((records.line(), fields.collect()));
        }
        all
    }

    #[test]
    fn lines_are_counted_whatever_is_between_records() {
        let text = "\u{feff}a,b\r\n\r\n1,\"x\n\ny\"\n\n\n\"3\",4\r\n5,\"say \"\"six\"\"\"";
        let wanted = [
            (1, vec!["a", "b"]),
            (3, vec!["1", "x\n\ny"]),
            (8, vec!["3", "4"]),
            (9, vec!["5", "say \"six\""]),
        ];
        for piece in [1, 2, 3, 7, 1000] {
            let found = split(text, piece);
            assert_eq!(found.len(), wanted.len(), "{found:?}");
            for (found, wanted) in found.iter().zip(&wanted) {
                assert_eq!(
                    (found.0, &found.1),
                    (wanted.0, &wanted.1.iter().map(|s| (*s).to_owned()).collect())
                );
            }
        }
        assert!(split("", 1).is_empty() && split("\n\r\n", 1).is_empty());
    }

    #[test]
    fn fields_know_the_line_they_begin_in() {
        let mut records = Records::new(&b"a\n\n\"1\n2\",b,\"c\nd\",e\n"[..], b',', 100).unwrap();
        assert!(records.next().unwrap() && records.next().unwrap());
        let lines: Vec<u64> = (0..4).map(|field| records.line_of(field)).collect();
        assert_eq!(lines, [3, 4, 4, 5]);
    }

    /// The message of the first error.
    fn refusal(text: &str) -> String {
        let mut records = Records::new(text.as_bytes(), b',', 1 << 20).unwrap();
        loop {
            match records.next() {
                Ok(more) => assert!(more, "nothing is wrong with {text:?}"),
                Err(error) => return error.to_string(),
            }
        }
    }

    #[test]
    fn quotes_that_are_never_closed_are_found_where_they_open() {
        for end in ["\n", "\r\n"] {
            for column in 0..3 {
                for row in [1, 2, 3, 40] {
                    let mut open = ["1", "x", "y"];
                    open[column] = "\"open \"\"quote\"\"";
                    let fields = |number: usize| match number.cmp(&row) {
                        // Two lines each.
                        Ordering::Less => ["1", "\"x \"\"y\"\"\"", "\"two\nlines\""],
                        Ordering::Equal => open,
                        Ordering::Greater => ["1", "x", "y"],
                    };
                    let rows: Vec<_> = (1..=40).map(|number| fields(number).join(",")).collect();
                    let found = refusal(&format!("a,b,c{end}{}", rows.join(end)));
                    let wanted =
                        format!("line {}: the quote that opens a field here is never closed", 2 * row);
                    assert!(found.starts_with(&wanted), "{found}");
                }
            }
        }
    }

    #[test]
    fn quotes_that_a_later_field_closes_are_found() {
        for (text, line, second) in [
            ("a,b\n1,\"x\n2,\"y\"\n", 2, 3),
            ("a,b\n1,\"x\n2,z\n3,\" y\"\n", 2, 4),
            ("a,b\r\n\"p\r\nq\",\"x\r\n2,\"y\"\r\n", 3, 4),
        ] {
            let wanted = format!(
                "line {line}: the quote that opens a field here is not closed before line {second}, where text"
            );
            assert!(refusal(text).starts_with(&wanted), "{}", refusal(text));
        }
    }

    #[test]
    fn quotes_within_fields_are_text() {
        let text = "5\" disc,\"a\"b,\"c\nd\" \n\"e\"\n\"\",\"\"\"\"";
        let wanted = [vec!["5\" disc", "ab", "c\nd "], vec!["e"], vec!["", "\""]];
        for piece in [1, 2, 3, 1000] {
            let found: Vec<_> = split(text, piece).into_iter().map(|(_, fields)| fields).collect();
            assert_eq!(found, wanted);
        }
        // A record may end with the text, in quotes or not.
        assert_eq!(split("a,\"b\"", 1).len(), 1);
        assert_eq!(split("a,\"\"", 1).len(), 1);
    }

    #[test]
    fn records_without_end_are_refused() {
        let mut open = Records::new(b"a\n\"".chain(std::io::repeat(b'x')), b',', u64::MAX).unwrap();
        assert!(open.next().unwrap());
        let error = open.next().unwrap_err().to_string();
        assert_eq!(
            error,
            "line 2: the record is longer than 16777216 bytes: check for a missing closing quote"
        );
        let mut commas = Records::new(std::io::repeat(b','), b',', u64::MAX).unwrap();
        let error = commas.next().unwrap_err().to_string();
        assert_eq!(error, "line 1: the record has more than 1048576 fields: check the delimiter");
        let mut lines = Records::new(std::io::repeat(b'\n'), b',', 1 << 20).unwrap();
        let error = lines.next().unwrap_err().to_string();
        assert!(error.ends_with("the table is longer than 1048576 bytes: raise `max_bytes`"), "{error}");
    }
}
