//! A whole deployment for a test: the sample platform, `portcullis init`, `portcullis serve`,
//! all over real sockets and real processes.
//!
//! Must not know what a single test is after.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test support; each test file uses a part of it"
)]

pub mod hook;
pub mod http;
pub mod next;

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use portcullis_plaza::{Plaza, Settings, Showcase};

/// What the platform believes.
pub const PLATFORM_TOKEN: &str = "plaza-token-0123456789abcdef-only-the-gate-knows";

/// The account that `me` stands for in the sample platform, which authorised the first partner.
pub const ACCOUNT: &str = "17841400000006647";

/// What was found, as whoever takes access away must say it.
pub const FOUND: [&str; 6] = [
    "--fact",
    "Calls of one night came from 41 towns.",
    "--period",
    "1d",
    "--indefinite-because",
    "nobody knows when the calls are explained",
];

/// How long a test waits for what comes at once, and on a machine with much else to do later.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Looks until something is so, and fails where it never is.
pub fn until(what: &str, mut so: impl FnMut() -> bool) {
    let end = tokio::time::Instant::now() + PATIENCE;
    while !so() {
        assert!(tokio::time::Instant::now() < end, "after {PATIENCE:?} not yet: {what}");
    }
}

/// A figure of a gate's metrics.
pub fn figure(house: &House, name: &str) -> u64 {
    let page = http::once(house.admin, "/metrics", "").body;
    let line = page.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
    line.unwrap_or_else(|| panic!("no {name} in\n{page}")).parse().unwrap()
}

/// Looks until such a figure is that high.
pub fn reaches(house: &House, name: &str, least: u64) {
    until(&format!("{name} is {least}"), || figure(house, name) >= least);
}

/// The pause between pieces of a slow answer: it is not over before what is to happen meanwhile.
pub const SLOW: Duration = Duration::from_secs(1);

/// The sample platform with a runtime of its own.
pub struct Platform {
    runtime: tokio::runtime::Runtime,
    pub running: portcullis_plaza::Running,
}

impl Platform {
    pub fn start(drip: Option<Duration>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let mut settings = Settings::new(PLATFORM_TOKEN);
        settings.drip = drip;
        settings.keep_requests = 100_000;
        let running = runtime.block_on(Plaza::start(settings)).unwrap();
        Self { runtime, running }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.running.addr())
    }

    pub fn ids(&self) -> Showcase {
        self.running.showcase().unwrap()
    }
}

/// A deployment that `init` wrote.
pub struct House {
    pub folder: tempfile::TempDir,
    pub public: SocketAddr,
    pub admin: SocketAddr,
    /// The key that `init` printed.
    pub key: String,
    pub init_output: String,
}

/// A port that nobody listens on, never the same twice in a process.
///
/// Below the range from which the system takes ports for outgoing connections, so that none of those
/// takes it before the gate does.
pub fn free_port() -> SocketAddr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 10_000 + (std::process::id().wrapping_mul(97) + step) % 20_000;
        let address = SocketAddr::from(([127, 0, 0, 1], u16::try_from(port).unwrap()));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

/// Runs the program and waits for its end.
pub fn portcullis(args: &[&str]) -> Output {
    command(args).output().unwrap()
}

pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.args(args).env_remove("PORTCULLIS_ADMIN").env_remove("PORTCULLIS_ADMIN_TOKEN");
    command.env("NO_COLOR", "1");
    command
}

pub fn text(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    format!("{out}{err}")
}

impl House {
    /// As a gate leaves its ledger that ran a moment before these days are over: the next one takes that for
    /// the time.
    pub fn believes(&self, days: i64) {
        let path = self.dir().join("data/portcullis.ledger/believed");
        // When a file was written is the one clock that a test reads.
        std::fs::write(&path, "").unwrap();
        let now = std::fs::metadata(&path).unwrap().modified().unwrap();
        let then = jiff::Timestamp::try_from(now).unwrap() + jiff::Span::new().hours(24 * days);
        std::fs::write(&path, then.to_string()).unwrap();
    }

    /// Starts the gate when these days are over, by its clock and by what it believes.
    pub fn serve_after(&self, days: i64) -> Gate {
        self.patient();
        self.believes(days);
        let (clock, shift) = (self.dir().join("clock.so"), self.dir().join("clock"));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/faults/clock.c");
        let mut cc = Command::new("cc");
        cc.args(["-O1", "-shared", "-fPIC", "-o"]).args([&clock, &source]).arg("-ldl");
        assert!(cc.status().unwrap().success(), "the linker of Rust builds C as well");
        let bytes = [days * 86_400_000_000_000, 0, 0].map(i64::to_ne_bytes).concat();
        std::fs::write(&shift, bytes).unwrap();
        let mut gate = command(&["serve", "--config", self.config().to_str().unwrap()]);
        gate.env("LD_PRELOAD", clock).env("CLOCK_SHIFT", shift);
        let gate = Gate::spawn_command(gate);
        gate.wait_for("serving").unwrap_or_else(|talk| panic!("the gate did not start: {talk}"));
        gate
    }

    /// `portcullis init` in a new folder, in front of a platform.
    pub fn init(platform: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let credential = folder.path().join("credential");
        std::fs::write(&credential, PLATFORM_TOKEN).unwrap();
        let (public, admin) = (free_port(), free_port());
        let dir = folder.path().join("gate");
        let output = portcullis(&[
            "init",
            dir.to_str().unwrap(),
            "--upstream",
            platform,
            "--credential-file",
            credential.to_str().unwrap(),
            "--account",
            ACCOUNT,
            "--public",
            &public.to_string(),
            "--admin-listen",
            &admin.to_string(),
        ]);
        assert!(output.status.success(), "{}", text(&output));
        let init_output = String::from_utf8(output.stdout).unwrap();
        let key = init_output
            .split_whitespace()
            .find(|word| word.starts_with("ptc_"))
            .expect("init prints a key")
            .to_owned();
        Self { folder, public, admin, key, init_output }
    }

    pub fn dir(&self) -> PathBuf {
        self.folder.path().join("gate")
    }

    /// The files of its set, in a folder of that name that nobody watches.
    pub fn copied(&self, name: &str) -> PathBuf {
        let copy = self.folder.path().join(name);
        for folder in ["routes", "policies"] {
            std::fs::create_dir_all(copy.join(folder)).unwrap();
            for file in std::fs::read_dir(self.dir().join(folder)).unwrap() {
                let file = file.unwrap();
                std::fs::copy(file.path(), copy.join(folder).join(file.file_name())).unwrap();
            }
        }
        copy
    }

    pub fn config(&self) -> PathBuf {
        self.dir().join("portcullis.yaml")
    }

    /// Runs a client command against this deployment.
    pub fn cli(&self, args: &[&str]) -> Output {
        let config = self.config();
        let mut all = vec!["--config", config.to_str().unwrap()];
        all.extend(args);
        portcullis(&all)
    }

    /// Runs a client command that must succeed; its standard output.
    #[track_caller]
    pub fn ok(&self, args: &[&str]) -> String {
        let output = self.cli(args);
        assert!(output.status.success(), "{args:?}: {}", text(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Replaces a text in one of the deployment's files.
    #[track_caller]
    pub fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.dir().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} holds no `{from}`");
        std::fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    /// The id of the key that `init` made.
    pub fn key_id(&self) -> String {
        self.key.split('_').nth(2).unwrap().to_owned()
    }

    /// Starts the gate, one that waits for clients which are not given much time, also as it ends.
    pub fn serve(&self) -> Gate {
        self.patient();
        Gate::start(&self.config())
    }

    fn patient(&self) {
        let config = std::fs::read_to_string(self.config()).unwrap();
        if !config.contains("\ntimeouts:") {
            let patient = "timeouts: { head: 120s, body: 120s, idle: 600s, drain: 120s }\n";
            std::fs::write(self.config(), format!("{}\n{patient}", config.trim_end())).unwrap();
        }
    }
}

/// A running `portcullis serve`; killed when dropped.
pub struct Gate {
    pub child: Child,
    talk: Arc<Kept>,
    records: Arc<Kept>,
}

/// What came out of a stream so far, with a bell for those who wait.
#[derive(Default)]
struct Kept {
    text: Mutex<(String, bool)>,
    bell: Condvar,
}

impl Gate {
    /// Starts it and waits for the line that says it serves.
    #[track_caller]
    pub fn start(config: &Path) -> Self {
        let gate = Self::spawn(config);
        gate.wait_for("serving").unwrap_or_else(|talk| panic!("the gate did not start: {talk}"));
        gate
    }

    /// Starts it and does not wait.
    pub fn spawn(config: &Path) -> Self {
        Self::spawn_command(command(&["serve", "--config", config.to_str().unwrap()]))
    }

    /// Any other command that runs until it is stopped.
    pub fn spawn_command(command: Command) -> Self {
        Self::spawn_with(command, Stdio::null())
    }

    /// The same, with something on its standard input.
    pub fn spawn_with(mut command: Command, stdin: Stdio) -> Self {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(stdin).spawn().unwrap();
        let talk = gather(child.stderr.take().unwrap());
        let records = gather(child.stdout.take().unwrap());
        Self { child, talk, records }
    }

    /// Waits until a line on standard error holds the word, or the program ended.
    pub fn wait_for(&self, word: &str) -> Result<(), String> {
        let waiting = |kept: &mut (String, bool)| !kept.0.contains(word) && !kept.1;
        let kept = self.talk.text.lock().unwrap();
        let (kept, _) = self.talk.bell.wait_timeout_while(kept, PATIENCE, waiting).unwrap();
        if kept.0.contains(word) { Ok(()) } else { Err(kept.0.clone()) }
    }

    /// Everything said on standard error so far.
    pub fn talk(&self) -> String {
        self.talk.text.lock().unwrap().0.clone()
    }

    /// Everything written to standard output so far: the access records.
    pub fn records(&self) -> String {
        self.records.text.lock().unwrap().0.clone()
    }

    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn ask_to_stop(&self) {
        self.signal("TERM");
    }

    pub fn hang_up(&self) {
        self.signal("HUP");
    }

    /// Has the program that stands where this one was started from follow it.
    pub fn follow(&self) {
        self.signal("USR2");
    }

    fn signal(&self, name: &str) {
        assert!(signal(name, self.child.id()));
    }

    /// SIGTERM, then the exit code, with all that was written read.
    pub fn terminate(&mut self) -> Option<i32> {
        self.ask_to_stop();
        let code = self.child.wait().unwrap().code();
        for kept in [&self.talk, &self.records] {
            let text = kept.text.lock().unwrap();
            drop(kept.bell.wait_while(text, |text| !text.1).unwrap());
        }
        code
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// Sends a signal by the shell's own `kill`: small machines have no program of that name. Yields whether there
/// was a process to take it.
pub fn signal(name: &str, process: u32) -> bool {
    let line = format!("kill -{name} {process} 2>/dev/null");
    Command::new("sh").args(["-c", &line]).status().unwrap().success()
}

fn gather(stream: impl Read + Send + 'static) -> Arc<Kept> {
    let kept = Arc::new(Kept::default());
    let keep = Arc::clone(&kept);
    std::thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        while reader.read_line(&mut line).is_ok_and(|n| n > 0) {
            keep.text.lock().unwrap().0.push_str(&line);
            keep.bell.notify_all();
            line.clear();
        }
        keep.text.lock().unwrap().1 = true;
        keep.bell.notify_all();
    });
    kept
}
