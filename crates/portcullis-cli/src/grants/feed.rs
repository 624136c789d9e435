//! A file of grants on its way to the gate: JSON lines as they are, CSV turned into them.
//!
//! Reads line by line, so that millions of them need no memory. Must not know the rules about grants.

use std::io::{self, BufRead, BufReader, Read};

use serde_json::{Map, Value};

/// The columns that a CSV may have; the first two must be there.
const COLUMNS: [&str; 6] = ["account", "partner", "client", "from", "until", "withdrawn"];
/// Longest line of a CSV.
const LINE_BYTES_MAX: u64 = 4096;

/// A file that is read as JSON lines.
pub(crate) struct Feed {
    file: BufReader<Box<dyn Read>>,
    kind: Option<Kind>,
    /// The line that was read last, from 1.
    number: u64,
    ready: Vec<u8>,
    given: usize,
    fault: Option<String>,
}

enum Kind {
    Json,
    Csv(Vec<&'static str>),
}

impl Feed {
    pub(crate) fn new(file: Box<dyn Read>) -> Self {
        let file = BufReader::with_capacity(64 << 10, file);
        Self { file, kind: None, number: 0, ready: Vec::new(), given: 0, fault: None }
    }

    /// Why it ended before its end.
    pub(crate) fn fault(&mut self) -> Option<String> {
        self.fault.take()
    }

    fn look(&mut self) -> Result<(), String> {
        let unreadable = |error: io::Error| format!("the file can't be read: {error}");
        let first = self.file.fill_buf().map_err(unreadable)?.first().copied();
        self.kind = Some(match first {
            None | Some(b'{' | b'\n' | b'\r' | b' ') => Kind::Json,
            Some(_) => {
                let head = self.line()?.unwrap_or_default();
                Kind::Csv(columns(&head)?)
            }
        });
        Ok(())
    }

    /// The next line without its end; none at the end of the file.
    fn line(&mut self) -> Result<Option<String>, String> {
        let number = self.number + 1;
        let mut line = Vec::new();
        let mut bounded = (&mut self.file).take(LINE_BYTES_MAX);
        let read = bounded.read_until(b'\n', &mut line);
        if read.map_err(|error| format!("the file can't be read: {error}"))? == 0 {
            return Ok(None);
        }
        if line.len() as u64 >= LINE_BYTES_MAX {
            return Err(format!("line {number} has more than {LINE_BYTES_MAX} bytes"));
        }
        self.number = number;
        let line = String::from_utf8(line);
        let line = line.map_err(|_| format!("line {number} is not UTF-8 text"))?;
        Ok(Some(line.trim_end_matches(['\n', '\r']).to_owned()))
    }

    fn refill(&mut self) -> Result<(), String> {
        if self.kind.is_none() {
            self.look()?;
        }
        while self.ready.len() < 32 << 10 {
            let Some(line) = self.line()? else { return Ok(()) };
            let number = self.number;
            match &self.kind {
                Some(Kind::Csv(_)) if line.is_empty() => self.ready.push(b'\n'),
                Some(Kind::Csv(columns)) => {
                    // One line more for the head, so that the gate counts lines as the file does.
                    if self.number == 2 {
                        self.ready.push(b'\n');
                    }
                    let row = row(columns, &line).map_err(|why| format!("line {number}: {why}"))?;
                    self.ready.extend_from_slice(Value::Object(row).to_string().as_bytes());
                    self.ready.push(b'\n');
                }
                Some(Kind::Json) | None => {
                    self.ready.extend_from_slice(line.as_bytes());
                    self.ready.push(b'\n');
                }
            }
        }
        Ok(())
    }
}

fn columns(head: &str) -> Result<Vec<&'static str>, String> {
    let mut columns = Vec::new();
    for name in head.split(',').map(str::trim) {
        let known = COLUMNS.into_iter().find(|known| *known == name);
        let known = known.filter(|known| !columns.contains(known)).ok_or_else(|| {
            let shown: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
            format!(
                "line 1: `{shown}` is no column of grants, or comes twice: write a head line such as `account,partner,client,from,until`, or one JSON object a line"
            )
        })?;
        columns.push(known);
    }
    if columns.contains(&"account") && columns.contains(&"partner") {
        return Ok(columns);
    }
    Err("line 1: the head line names no `account` or no `partner`".to_owned())
}

fn row(columns: &[&'static str], line: &str) -> Result<Map<String, Value>, String> {
    let cells: Vec<&str> = line.split(',').map(str::trim).collect();
    if cells.len() != columns.len() {
        return Err(format!("it has {} cells, and the head line {}", cells.len(), columns.len()));
    }
    if line.contains('"') {
        return Err("quotes are not read: no member of a grant holds a comma".to_owned());
    }
    let mut row = Map::new();
    for (column, cell) in columns.iter().zip(cells) {
        let value = match (*column, cell) {
            ("withdrawn", "" | "false") => continue,
            ("withdrawn", "true") => Value::Bool(true),
            ("withdrawn", _) => return Err("`withdrawn` is neither `true` nor `false`".to_owned()),
            ("client" | "from" | "until", "") => continue,
            (_, cell) => Value::from(cell),
        };
        row.insert((*column).to_owned(), value);
    }
    Ok(row)
}

impl Read for Feed {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.given >= self.ready.len() {
            self.ready.clear();
            self.given = 0;
            if let Err(fault) = self.refill() {
                self.fault = Some(fault);
                return Err(io::Error::other("the file stopped"));
            }
        }
        let mut left = self.ready.get(self.given..).unwrap_or_default();
        let read = left.read(to)?;
        self.given += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn read(text: &str) -> Result<String, String> {
        let mut feed = Feed::new(Box::new(io::Cursor::new(text.as_bytes().to_vec())));
        let mut out = String::new();
        match feed.read_to_string(&mut out) {
            Ok(_) => Ok(out),
            Err(_) => Err(feed.fault().unwrap()),
        }
    }

    #[test]
    fn lines_of_json_pass_as_they_are_and_csv_becomes_them_line_by_line() {
        let json = "{\"account\":\"1\"}\n\n{}";
        assert_eq!(read(json).unwrap(), "{\"account\":\"1\"}\n\n{}\n");
        let csv = "account,partner,until,withdrawn\r\n1,acme,,\r\n\n2,acme,2030-01-01,true\n";
        insta::assert_snapshot!(read(csv).unwrap(), @r#"
            {"account":"1","partner":"acme"}

            {"account":"2","partner":"acme","until":"2030-01-01","withdrawn":true}
            "#);
        assert_eq!(read("").unwrap(), "");
        let told = [
            read("account,partner,fro\n"),
            read("account,client\n"),
            read("account,account,partner\n"),
            read("account,partner\n1,acme,x\n"),
            read("account,partner\n\"1\",acme\n"),
            read("account,partner,withdrawn\n1,acme,yes\n"),
            read(&format!("account,partner\n{}\n", "1".repeat(5000))),
        ];
        let told: Vec<String> = told.into_iter().map(Result::unwrap_err).collect();
        insta::assert_snapshot!(told.join("\n"), @r"
            line 1: `fro` is no column of grants, or comes twice: write a head line such as `account,partner,client,from,until`, or one JSON object a line
            line 1: the head line names no `account` or no `partner`
            line 1: `account` is no column of grants, or comes twice: write a head line such as `account,partner,client,from,until`, or one JSON object a line
            line 2: it has 3 cells, and the head line 2
            line 2: quotes are not read: no member of a grant holds a comma
            line 2: `withdrawn` is neither `true` nor `false`
            line 2 has more than 4096 bytes
            ");
    }
}
