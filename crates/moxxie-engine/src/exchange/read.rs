//! Reading a CSV file: bytes to lines of known cells, and everything that is wrong with it.

use std::collections::BTreeMap;

use super::table::{COLUMNS, Kind, value};

/// How many lines one import may have.
pub(super) const MOST_LINES: usize = 200_000;
/// How many characters a cell may have.
const MOST_CHARACTERS: usize = 4096;

/// Something wrong with a line. Line 1 is the header.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Problem {
    pub(super) line: u64,
    pub(super) column: String,
    pub(super) message: String,
}

impl Problem {
    pub(super) fn new(line: u64, column: &str, message: impl Into<String>) -> Self {
        Self { line, column: column.to_owned(), message: message.into() }
    }
}

/// A line whose cells fit its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) kind: Kind,
    /// Values that are not empty, by column.
    cells: BTreeMap<&'static str, String>,
}

impl Line {
    /// The value of a column; `None` when it is empty or not there.
    pub(super) fn get(&self, column: &str) -> Option<&str> {
        self.cells.get(column).map(String::as_str)
    }
}

/// The lines of a file and what is wrong with others. `usual` is the type of lines that name none.
pub(super) fn read(bytes: &[u8], usual: Option<Kind>) -> (Vec<Line>, Vec<Problem>) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        let message = "the file is UTF-16; save it as \"CSV UTF-8\"";
        return (Vec::new(), vec![Problem::new(1, "", message)]);
    }
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut records = reader.byte_records();
    let header = match records.next() {
        Some(Ok(header)) if header.iter().any(|name| !name.is_empty()) => header,
        _ => {
            return (
                Vec::new(),
                vec![Problem::new(1, "", "the file is empty; its first line names the columns")],
            );
        }
    };
    let (columns, mut problems) = read_header(&header, usual);
    if !problems.is_empty() {
        return (Vec::new(), problems);
    }
    let mut lines = Vec::new();
    let mut counter = Counter { bytes, at: 0, line: 1 };
    for record in records {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let at = counter.line_at(error.position());
                problems.push(Problem::new(at, "", "the line cannot be read as CSV"));
                break;
            }
        };
        let number = counter.line_at(record.position());
        if record.iter().all(|cell| cell.iter().all(u8::is_ascii_whitespace)) {
            continue;
        }
        if lines.len() == MOST_LINES {
            let message = format!("there are more than {MOST_LINES} lines; import them in several files");
            problems.push(Problem::new(number, "", message));
            break;
        }
        match read_line(number, &record, &columns, usual) {
            Ok(line) => lines.push(line),
            Err(wrong) => problems.extend(wrong),
        }
    }
    (lines, problems)
}

/// Counts lines as editors do. The reader's own count is behind after `\r\n` and blank lines.
struct Counter<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl Counter<'_> {
    /// The line of a record that is read from this position on.
    fn line_at(&mut self, position: Option<&csv::Position>) -> u64 {
        let from = position.and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(self.at);
        let rest = self.bytes.get(from..).unwrap_or_default();
        let blank = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let to = (from + blank).min(self.bytes.len());
        for at in self.at..to {
            let ends = match self.bytes[at] {
                b'\n' => true,
                b'\r' => self.bytes.get(at + 1) != Some(&b'\n'),
                _ => false,
            };
            self.line += u64::from(ends);
        }
        self.at = self.at.max(to);
        self.line
    }
}

fn read_header(header: &csv::ByteRecord, usual: Option<Kind>) -> (Vec<&'static str>, Vec<Problem>) {
    let mut columns = Vec::new();
    let mut problems = Vec::new();
    for name in header {
        let name = String::from_utf8_lossy(name);
        let name = name.trim();
        let Some(column) = COLUMNS.into_iter().find(|column| column.eq_ignore_ascii_case(name)) else {
            let short: String = name.chars().take(60).collect();
            let hint = if name.contains(';') { "; cells are separated by commas" } else { "" };
            let message = format!("there is no column {short:?}{hint}; there are: {}", COLUMNS.join(", "));
            problems.push(Problem::new(1, &short, message));
            continue;
        };
        if columns.contains(&column) {
            problems.push(Problem::new(1, column, "the column is there twice"));
        }
        columns.push(column);
    }
    if usual.is_none() && problems.is_empty() && !columns.contains(&"type") {
        let kinds = Kind::ALL.map(Kind::as_str).join(", ");
        let message = format!("add the column `type` ({kinds}), or name one type for the whole file");
        problems.push(Problem::new(1, "type", message));
    }
    (columns, problems)
}

fn read_line(
    number: u64,
    record: &csv::ByteRecord,
    columns: &[&'static str],
    usual: Option<Kind>,
) -> Result<Line, Vec<Problem>> {
    let wrong = |column: &str, message: String| Problem::new(number, column, message);
    if record.len() != columns.len() {
        let message = format!(
            "has {} cells and the first line {}; is a quotation mark missing?",
            record.len(),
            columns.len()
        );
        return Err(vec![wrong("", message)]);
    }
    let mut problems = Vec::new();
    let mut cells = BTreeMap::new();
    for (column, cell) in columns.iter().zip(record) {
        let Ok(text) = std::str::from_utf8(cell) else {
            problems.push(wrong(column, "is not UTF-8; save the file as \"CSV UTF-8\"".into()));
            continue;
        };
        let text = value(text);
        if text.chars().count() > MOST_CHARACTERS {
            problems.push(wrong(column, format!("is longer than {MOST_CHARACTERS} characters")));
        } else if text.chars().any(|c| c.is_control() && c != '\n' && c != '\r' && c != '\t') {
            problems.push(wrong(column, "contains control characters".into()));
        } else if !text.is_empty() {
            cells.insert(*column, text.to_owned());
        }
    }
    let named = cells.remove("type");
    let kind = match (named, usual) {
        (Some(text), _) => Kind::parse(&text),
        (None, usual) => usual,
    };
    let Some(kind) = kind else {
        let kinds = Kind::ALL.map(Kind::as_str).join(", ");
        problems.push(wrong("type", format!("is none of {kinds}")));
        return Err(problems);
    };
    let (needed, other) = kind.columns();
    for column in cells.keys().filter(|column| !needed.contains(column) && !other.contains(column)) {
        let message = format!("says nothing about a line of type {}; leave it empty", kind.as_str());
        problems.push(wrong(column, message));
    }
    for column in needed.iter().filter(|column| !cells.contains_key(*column)) {
        problems.push(wrong(column, format!("is needed for a line of type {}", kind.as_str())));
    }
    if problems.is_empty() { Ok(Line { number, kind, cells }) } else { Err(problems) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &[u8]) -> (Vec<Line>, String) {
        let (lines, problems) = read(text, None);
        let problems: Vec<_> = problems
            .iter()
            .map(|problem| format!("{}:{}: {}", problem.line, problem.column, problem.message))
            .collect();
        (lines, problems.join("\n"))
    }

    #[test]
    fn a_file_of_a_spreadsheet_is_read() {
        let text = b"\xef\xbb\xbfType,address,\"hostname\",labels\r\naddress,10.0.0.4,\"db, \"\"one\"\"\",a=1\r\n\r\nADDRESS, 10.0.0.5 ,'=x,\r\n";
        let (lines, problems) = of(text);
        assert_eq!(problems, "");
        assert_eq!(lines.len(), 2);
        assert_eq!((lines[0].number, lines[0].get("hostname")), (2, Some("db, \"one\"")));
        assert_eq!((lines[1].number, lines[1].get("address")), (4, Some("10.0.0.5")));
        assert_eq!((lines[1].get("hostname"), lines[1].get("labels")), (Some("=x"), None));
    }

    #[test]
    fn what_is_wrong_is_told_by_line_and_column() {
        for (text, wanted) in [
            (&b""[..], "1:: the file is empty"),
            (b"\n\n", "1:: the file is empty"),
            (b"\xff\xfea\0", "1:: the file is UTF-16"),
            (b"type,adress\n", "1:adress: there is no column \"adress\"; there are: type"),
            (b"type;address\n", "separated by commas"),
            (b"type,address,Address\n", "1:address: the column is there twice"),
            (b"address\n10.0.0.1\n", "1:type: add the column `type`"),
            (
                b"type,address\nhost,10.0.0.1\n",
                "2:type: is none of tenant, vrf, container, pool, asn_range, network",
            ),
            (b"type,address\naddress\n", "2:: has 1 cells and the first line 2"),
            (b"type,address\naddress,\n", "2:address: is needed for"),
            (b"type,address,asn\naddress,10.0.0.1,5\n", "2:asn: says nothing about a line of type address"),
            (b"type,address\naddress,\xe4\n", "2:address: is not UTF-8"),
            (b"type,address\naddress,a\0b\n", "2:address: contains control characters"),
        ] {
            let (lines, problems) = of(text);
            assert!(problems.contains(wanted), "{problems:?} instead of {wanted:?}");
            assert!(lines.is_empty());
        }
        let huge = format!("type,address\naddress,{}\n", "x".repeat(5000));
        assert!(of(huge.as_bytes()).1.contains("2:address: is longer than 4096"));
    }

    #[test]
    fn an_open_quotation_mark_does_not_swallow_the_rest_unseen() {
        let (lines, problems) = of(b"type,address\naddress,\"10.0.0.1\naddress,10.0.0.2\n");
        assert!(lines.len() < 2);
        // One cell over several lines: refused when it is checked as an address.
        assert!(lines.iter().all(|line| line.get("address").unwrap().contains('\n')), "{problems}");
    }

    #[test]
    fn one_type_for_all_lines_needs_no_column() {
        let (lines, problems) = read(b"address\n10.0.0.1\n", Some(Kind::Address));
        assert_eq!((lines.len(), problems.len()), (1, 0));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_are_too_odd(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
            read(&bytes, None);
            read(&[b"type,address,labels\n", bytes.as_slice()].concat(), Some(Kind::Address));
        }
    }
}
