//! The way of records to their writer: a bounded ring per thread.
//!
//! A full ring drops the record and counts it: the gate never waits for its log. Must not know
//! what a record says.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use prometheus::IntCounter;

use super::Record;

/// The writer and the rings to it.
#[derive(Debug)]
pub struct Recorder {
    rings: Vec<Ring>,
    stop: Arc<AtomicBool>,
    writer: Option<JoinHandle<()>>,
}

/// One thread's way to the writer.
#[derive(Debug, Clone)]
pub(crate) struct Ring {
    to: SyncSender<Record>,
    dropped: IntCounter,
}

impl Ring {
    /// Hands a record over, or counts it as dropped.
    pub(crate) fn push(&self, record: Record) {
        if self.to.try_send(record).is_err() {
            self.dropped.inc();
        }
    }
}

/// How long the writer sleeps when no record waits.
const REST: Duration = Duration::from_millis(20);

impl Recorder {
    /// Starts the writer, with one ring of `bound` records per data-plane thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        out: Box<dyn Write + Send>,
        threads: usize,
        bound: usize,
        metrics: &crate::Metrics,
    ) -> std::io::Result<Self> {
        let (mut rings, mut ends) = (Vec::new(), Vec::new());
        for _ in 0..threads.max(1) {
            let (to, from) = sync_channel(bound.max(1));
            rings.push(Ring { to, dropped: metrics.records_dropped.clone() });
            ends.push(from);
        }
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let lost = metrics.records_dropped.clone();
        let writer = std::thread::Builder::new()
            .name("portcullis-records".into())
            .spawn(move || write(out, &ends, &told, &lost))?;
        Ok(Self { rings, stop, writer: Some(writer) })
    }

    pub(crate) fn ring(&self, thread: usize) -> Option<Ring> {
        self.rings.get(thread).or_else(|| self.rings.first()).cloned()
    }

    /// Writes what waits and ends the writer.
    pub fn finish(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(writer) = self.writer.take() {
            writer.thread().unpark();
            // A writer that panicked has nothing left to write.
            let _ = writer.join();
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.finish();
    }
}

fn write(
    out: Box<dyn Write + Send>,
    ends: &[Receiver<Record>],
    stop: &AtomicBool,
    lost: &IntCounter,
) {
    let mut out = std::io::BufWriter::with_capacity(64 * 1024, out);
    loop {
        let last = stop.load(Ordering::Acquire);
        let mut any = false;
        for end in ends {
            // At most a ring's worth at a time, so that no thread's records starve the others'.
            for record in end.try_iter().take(1024) {
                any = true;
                let line = serde_json::to_writer(&mut out, &record).is_ok();
                if !(line && out.write_all(b"\n").is_ok()) {
                    lost.inc();
                }
            }
        }
        if !any {
            // A sink that is full or gone costs records, never calls.
            let _ = out.flush();
            if last {
                return;
            }
            std::thread::park_timeout(REST);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use portcullis_types::{KeyId, Wall};

    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);
    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn record(id: &str) -> Record {
        Record {
            ts: Wall(1_711_886_400_000),
            request_id: id.into(),
            partner: Some("acme".into()),
            key_id: KeyId::new("k1").ok(),
            operation: Some("listUserMedia".into()),
            class: Some("media.by_account".into()),
            verdict: "permit",
            rule: Some("partner-standard".into()),
            status: 200,
            whole: true,
            bytes_in: 0,
            bytes_out: 12,
            total_us: 345,
            upstream_us: 300,
            judge_us: 2,
            policy_revision: Some(3),
            state_revision: Some(7),
            peer: [127, 0, 0, 1].into(),
            entries: 0,
            entries_refused: 0,
            items_dropped: 0,
            more: None,
        }
    }

    #[test]
    fn a_record_is_one_line_of_json() {
        let (sink, metrics) = (Sink::default(), crate::Metrics::new());
        let mut recorder = Recorder::start(Box::new(sink.clone()), 2, 8, &metrics).unwrap();
        recorder.ring(1).unwrap().push(record("req_1"));
        recorder.finish();
        let text = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
        insta::assert_snapshot!(text, @r#"{"ts":"2024-03-31T12:00:00.000Z","request_id":"req_1","partner":"acme","key_id":"k1","operation":"listUserMedia","class":"media.by_account","verdict":"permit","rule":"partner-standard","status":200,"whole":true,"bytes_in":0,"bytes_out":12,"total_us":345,"upstream_us":300,"judge_us":2,"policy_revision":3,"state_revision":7,"peer":"127.0.0.1"}"#);
    }

    #[test]
    fn a_full_ring_drops_and_counts() {
        let metrics = crate::Metrics::new();
        let (to, _from) = sync_channel(2);
        let ring = Ring { to, dropped: metrics.records_dropped.clone() };
        for _ in 0..5 {
            ring.push(record("req_1"));
        }
        assert_eq!(metrics.records_dropped.get(), 3);
    }
}
