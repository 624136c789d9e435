//! Calls at a fixed rate, whatever the other side does: `pace ADDRESS RATE SECONDS CONNECTIONS KEYS PATHS`.
//!
//! Each connection has arrivals of its own, exponentially apart, and a latency counts from the moment a call
//! was due: one that waits for the call before it has waited. Prints one line of JSON. Standard library
//! only, so that `rustc -O` is all it takes to build.

use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

/// What the first part of the time is not counted for: connections, caches, the governor of the CPU.
const WARM: Duration = Duration::from_millis(500);

struct Plan {
    address: String,
    /// Calls a second on one connection.
    rate: f64,
    ends: Instant,
    counts: Instant,
    keys: Vec<String>,
    paths: Vec<String>,
}

#[derive(Default)]
struct Told {
    latencies: Vec<u64>,
    all: u64,
    bad: u64,
}

struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 11
    }

    fn one<'a>(&mut self, list: &'a [String]) -> &'a str {
        &list[usize::try_from(self.roll()).expect("64 bits") % list.len()]
    }

    /// How long until the next of events that come so many times a second.
    fn gap(&mut self, rate: f64) -> Duration {
        let evenly = (self.roll() + 1) as f64 / (1u64 << 53) as f64;
        Duration::from_secs_f64(-evenly.ln() / rate)
    }
}

/// One call; whether it succeeded.
fn call(stream: &mut TcpStream, request: &str, buffer: &mut Vec<u8>) -> io::Result<bool> {
    stream.write_all(request.as_bytes())?;
    buffer.clear();
    let mut piece = [0; 16 * 1024];
    let mut whole = usize::MAX;
    while buffer.len() < whole {
        let count = stream.read(&mut piece)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        buffer.extend_from_slice(&piece[..count]);
        if whole == usize::MAX
            && let Some(head) = buffer.windows(4).position(|four| four == b"\r\n\r\n")
        {
            let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
            let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
            whole = head + 4 + length;
        }
    }
    Ok(buffer.starts_with(b"HTTP/1.1 200 "))
}

fn connection(plan: &Plan, seed: u64) -> Told {
    let (mut told, mut dice) =
        (Told::default(), Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1));
    let mut buffer = Vec::new();
    let mut stream: Option<TcpStream> = None;
    let mut due = Instant::now() + dice.gap(plan.rate);
    while due < plan.ends {
        if let Some(rest) = due.checked_duration_since(Instant::now()) {
            thread::sleep(rest);
        }
        let (path, key) = (dice.one(&plan.paths), dice.one(&plan.keys));
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {}\r\nx-api-key: {key}\r\n\r\n", plan.address);
        told.all += 1;
        let open = stream.take().map_or_else(|| TcpStream::connect(&plan.address), Ok);
        let outcome = open.and_then(|mut open| {
            open.set_nodelay(true)?;
            let well = call(&mut open, &request, &mut buffer)?;
            stream = Some(open);
            Ok(well)
        });
        told.bad += u64::from(!outcome.unwrap_or(false));
        if due >= plan.counts {
            told.latencies.push(u64::try_from(due.elapsed().as_micros()).expect("a few hours"));
        }
        due += dice.gap(plan.rate);
    }
    told
}

/// The first words of a file's lines.
fn lines(path: &str) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [address, rate, seconds, connections, keys, paths] = args.as_slice() else {
        panic!("usage: pace ADDRESS RATE SECONDS CONNECTIONS KEYS PATHS");
    };
    let connections: u64 = connections.parse().expect("CONNECTIONS");
    let counts = Instant::now() + WARM;
    let plan = Plan {
        address: address.clone(),
        rate: rate.parse::<f64>().expect("RATE") / connections as f64,
        ends: counts + Duration::from_secs_f64(seconds.parse().expect("SECONDS")),
        counts,
        keys: lines(keys),
        paths: lines(paths),
    };
    let told: Vec<Told> = thread::scope(|scope| {
        let plan = &plan;
        let all: Vec<_> =
            (1..=connections).map(|seed| scope.spawn(move || connection(plan, seed))).collect();
        all.into_iter().map(|one| one.join().expect("a connection")).collect()
    });
    let mut latencies: Vec<u64> = told.iter().flat_map(|one| &one.latencies).copied().collect();
    latencies.sort_unstable();
    let at = |share: f64| {
        let rank = (latencies.len() as f64 * share) as usize;
        latencies.get(rank.min(latencies.len().saturating_sub(1))).copied().unwrap_or(0)
    };
    let (all, bad) = told.iter().fold((0, 0), |(all, bad), one| (all + one.all, bad + one.bad));
    println!(
        r#"{{"calls":{all},"bad":{bad},"p50":{},"p99":{},"p999":{}}}"#,
        at(0.5),
        at(0.99),
        at(0.999)
    );
}
