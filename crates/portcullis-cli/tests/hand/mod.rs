//! A hand that types: parses words as the binary does, runs them against a directory of its own,
//! and keeps what was written.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "shared by several test binaries")]

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use clap::Parser;
use portcullis_audit::{Kept, LogVerifier, Verification};
use portcullis_cli::{Command, Common, Deployment, Host, Out, run};
use portcullis_yaml::{Fault, Source};

#[derive(Debug, Parser)]
/// The gate between a platform and its partners
#[command(name = "portcullis", max_term_width = 100)]
pub struct Typed {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub command: Command,
}

/// A machine: a directory, variables, standard input.
pub struct Machine {
    pub dir: tempfile::TempDir,
    pub variables: HashMap<String, String>,
    pub input: String,
}

impl Machine {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { dir, variables: HashMap::new(), input: String::new() }
    }

    /// One that reaches a gate and is signed in.
    pub fn at(url: &str, token: &str) -> Self {
        let mut machine = Self::new();
        machine.variables.insert("PORTCULLIS_ADMIN".to_owned(), url.to_owned());
        machine.variables.insert("PORTCULLIS_ADMIN_TOKEN".to_owned(), token.to_owned());
        machine
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Types a command; yields exit code, results and talk.
    pub fn types(&self, words: &str) -> Said {
        self.types_each(&split(words))
    }

    pub fn types_each(&self, words: &[String]) -> Said {
        let words = std::iter::once("portcullis".to_owned()).chain(words.iter().cloned());
        let typed = Typed::try_parse_from(words).unwrap_or_else(|error| panic!("{error}"));
        let (data, talk) = (Sink::default(), Sink::default());
        let strip = |sink: &Sink| {
            let sink: Box<dyn Write> = Box::new(sink.clone());
            Box::new(anstream::StripStream::new(sink))
        };
        let mut out = Out::new(typed.common.output, strip(&data), strip(&talk));
        let code = run(&typed.command, &typed.common, self, &mut out);
        drop(out);
        let code = format!("{code:?}").chars().filter(char::is_ascii_digit).collect::<String>();
        Said { code: code.parse().unwrap(), data: data.text(), talk: talk.text() }
    }
}

/// Whether a line can be typed; if not, what is said.
pub fn parses(line: &str) -> Result<(), String> {
    let words = std::iter::once("portcullis".to_owned()).chain(split(&line.replace('"', "'")));
    Typed::try_parse_from(words).map(|_| ()).map_err(|error| error.to_string())
}

/// Words with `'…'` kept together.
fn split(words: &str) -> Vec<String> {
    let mut parts = Vec::new();
    for (at, quoted) in words.split('\'').enumerate() {
        if at % 2 == 1 {
            parts.push(quoted.to_owned());
        } else {
            parts.extend(quoted.split_whitespace().map(str::to_owned));
        }
    }
    parts
}

#[derive(Debug)]
pub struct Said {
    pub code: u32,
    pub data: String,
    pub talk: String,
}

impl Said {
    /// All of it, as a person at a terminal sees it.
    pub fn whole(&self) -> String {
        format!("{}{}[exit {}]", self.data, self.talk, self.code)
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.data).unwrap_or_else(|_| panic!("{}", self.whole()))
    }
}

#[derive(Clone, Default)]
pub struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Host for Machine {
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(self.dir.path().join(path))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<PathBuf>> {
        let entries = std::fs::read_dir(self.dir.path().join(dir))?;
        let mut paths: Vec<_> = entries.map(|entry| dir.join(entry.unwrap().file_name())).collect();
        paths.sort();
        Ok(paths)
    }

    fn is_dir(&self, path: &Path) -> bool {
        self.dir.path().join(path).is_dir()
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn Write>> {
        let file = std::fs::File::create_new(self.dir.path().join(path))?;
        Ok(Box::new(file))
    }

    fn input(&self) -> io::Result<String> {
        Ok(self.input.clone())
    }

    fn deployment(&self, config: &Path) -> Result<Deployment, Vec<Fault>> {
        let text = String::from_utf8(self.read(config).unwrap()).unwrap();
        let Some(admin) = text.trim().strip_prefix("admin: ") else {
            let source = Source::new(config.display().to_string(), text);
            return Err(vec![source.fault_at("PC0103", 1, 1, "unknown field")]);
        };
        let root = config.parent().unwrap_or(Path::new("")).to_path_buf();
        let token_file = Some(root.join("secrets/admin-token"));
        Ok(Deployment {
            routes: root.join("routes"),
            policies: root.join("policies"),
            root,
            admin: admin.to_owned(),
            token_file,
        })
    }

    fn keep(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        self.publish(path, content)
    }

    fn forget(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(self.dir.path().join(path))
    }

    fn publish(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let path = self.dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap())?;
        std::fs::write(path, content)
    }

    fn verify(
        &self,
        _: &Path,
        _: Option<&LogVerifier>,
        _: Vec<Kept>,
    ) -> Result<Verification, String> {
        Err("not a database of a gate: name the file of `store:` in portcullis.yaml".to_owned())
    }

    fn export(&self, _: &Path, _: &mut dyn FnMut(String) -> bool) -> Result<(), String> {
        Err("not a database of a gate: name the file of `store:` in portcullis.yaml".to_owned())
    }
}
