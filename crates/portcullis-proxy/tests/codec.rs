//! Connections to the platform: what is sent on them, when they are used again, and when a call is
//! sent again. By both codecs, where they do the same.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};

use crate::support::{Gate, MEDIA, PROFILE, PUBLISH, Reply, UPLOAD, Upstream, get, post};
use portcullis_proxy::Codec;

const BOTH: [Codec; 2] = [Codec::Own, Codec::Hyper];

fn gate(upstream: &Upstream, codec: Codec) -> Gate {
    Gate::with(upstream, |settings| settings.codec = codec)
}

/// An upstream that gives these answers, one after another, and then `{}`.
fn scripted(answers: &[&str]) -> Upstream {
    let answers: Vec<String> = answers.iter().map(|answer| (*answer).to_owned()).collect();
    let at = AtomicUsize::new(0);
    Upstream::new(move |_| match answers.get(at.fetch_add(1, Ordering::SeqCst)) {
        Some(answer) => Reply::Bytes(answer.clone().into()),
        None => Reply::json("{}"),
    })
}

/// A platform of its own kind: gets each connection, with its number.
fn platform(serve: impl Fn(usize, TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for (at, stream) in listener.incoming().enumerate() {
            serve(at, stream.unwrap());
        }
    });
    addr
}

fn read_until(stream: &mut TcpStream, mark: &[u8]) -> Vec<u8> {
    let (mut all, mut piece) = (Vec::new(), [0; 4096]);
    while !all.windows(mark.len()).any(|part| part == mark) {
        match stream.read(&mut piece) {
            Ok(count @ 1..) => all.extend_from_slice(&piece[..count]),
            _ => break,
        }
    }
    all
}

fn wait(so: impl Fn() -> bool) {
    while !so() {
        std::thread::yield_now();
    }
}

#[track_caller]
fn shows(gate: &Gate, line: &str) {
    let text = gate.metrics.render();
    assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
}

#[test]
fn one_connection_serves_one_call_after_another() {
    for codec in BOTH {
        let up = scripted(&[
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b\r\n{\r\n1\r\n}\r\n0\r\nETag: x\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 204 No Content\r\n\r\n",
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
            "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}",
        ]);
        let gate = gate(&up, codec);
        for at in 0..12 {
            let answer = match at % 3 {
                2 => gate.call(&post(PUBLISH, "Content-Length: 9\r\n", "caption=x")),
                _ => gate.get(PROFILE),
            };
            assert!(answer.status < 400 && answer.whole, "{codec:?} {at}: {answer:?}");
            assert!(matches!(answer.text().as_str(), "{}" | ""), "{codec:?} {at}: {answer:?}");
            assert_eq!(answer.header("etag"), None, "trailers stay behind");
        }
        let mut peer = gate.connect();
        peer.send(get(PROFILE, "").replacen("GET", "HEAD", 1));
        assert_eq!(peer.head().unwrap().0, 200);
        // hyper sees the end of an answer a turn later, and may open another meanwhile.
        let on_first = up.seen().iter().filter(|seen| seen.connection == 0).count();
        assert!(on_first == 13 || codec == Codec::Hyper, "{codec:?}: {on_first}");
    }
}

#[test]
fn a_connection_that_is_to_end_or_is_out_of_step_serves_no_other_call() {
    for (answer, out_of_step) in [
        ("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", 0),
        ("HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\n{}", 0),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", 0),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}X", 1),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n\r\n", 1),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
            1,
        ),
        ("HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n{}", 1),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n{}", 1),
    ] {
        let up = scripted(&[answer]);
        let gate = Gate::before(&up);
        let first = gate.get(PROFILE);
        assert!(first.whole && matches!(first.text().as_str(), "{}" | ""), "{first:?}");
        assert_eq!(gate.get(PROFILE).text(), "{}", "{answer}");
        assert_eq!(up.seen()[1].connection, 1, "{answer}");
        shows(&gate, &format!("portcullis_upstream_out_of_step_total {out_of_step}"));
    }
}

#[test]
fn bytes_that_come_while_nobody_asked_end_the_connection() {
    let (say, said) = channel::<()>();
    let (did, done) = channel();
    let said = Mutex::new(said);
    let addr = platform(move |at, mut stream| {
        while !read_until(&mut stream, b"\r\n\r\n").is_empty() {
            let body = format!("\"{at}\"");
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{body}");
            stream.write_all(answer.as_bytes()).unwrap();
            if at == 0 {
                said.lock().unwrap().recv().unwrap();
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n\"evil\"").unwrap();
                did.send(()).unwrap();
                return;
            }
        }
    });
    let gate = Gate::start(&format!("http://{addr}"), crate::support::TIER, |_| {});
    assert_eq!(gate.get(PROFILE).text(), "\"0\"");
    say.send(()).unwrap();
    done.recv().unwrap();
    assert_eq!(gate.get(PROFILE).text(), "\"1\"");
    shows(&gate, "portcullis_upstream_out_of_step_total 1");
}

/// A platform that answers one call, and on the next one closes after `bytes`.
fn closing(bytes: &'static str) -> Upstream {
    let at = AtomicUsize::new(0);
    Upstream::new(move |_| match at.fetch_add(1, Ordering::SeqCst) {
        1 => Reply::Last(bytes.into()),
        _ => Reply::json("{}"),
    })
}

#[test]
fn a_read_is_sent_again_when_the_connection_it_waited_on_was_closed() {
    for method in ["GET", "HEAD"] {
        let up = closing("");
        let gate = Gate::before(&up);
        assert_eq!(gate.get(PROFILE).status, 200);
        let mut peer = gate.connect();
        peer.send(get(PROFILE, "").replacen("GET", method, 1));
        assert_eq!(peer.head().unwrap().0, 200);
        let seen = up.seen();
        let connections: Vec<usize> = seen.iter().map(|seen| seen.connection).collect();
        assert_eq!(connections, [0, 0, 1], "{method}");
        let same = |head: &str| head.lines().filter(|line| !line.contains("req_")).count();
        assert_eq!((&seen[1].line(), same(&seen[1].head)), (&seen[2].line(), same(&seen[2].head)));
        shows(&gate, "portcullis_upstream_repeats_total 1");
        shows(&gate, "portcullis_upstream_failures_total 0");
    }
}

#[test]
fn nothing_is_sent_twice_that_could_do_something_twice() {
    let write = post(PUBLISH, "Content-Length: 9\r\n", "caption=x");
    let upload = post(UPLOAD, "Content-Type: video/mp4\r\nContent-Length: 2\r\n", "xy");
    for (call, bytes) in [
        (write.as_str(), ""),
        (upload.as_str(), ""),
        // A byte of an answer: the platform has begun.
        (get(PROFILE, "").as_str(), "H"),
        (get(PROFILE, "").as_str(), "HTTP/1.1 100 Continue\r\n\r\n"),
    ] {
        let up = closing(bytes);
        let gate = Gate::before(&up);
        assert_eq!(gate.get(PROFILE).status, 200);
        let answer = gate.call(call);
        assert_eq!((answer.status, answer.code().as_str()), (502, "upstream_malformed"), "{call}");
        assert_eq!(up.seen().len(), 2, "{call}");
        shows(&gate, "portcullis_upstream_repeats_total 0");
    }
}

#[test]
fn a_read_on_a_new_connection_is_sent_once() {
    let up = Upstream::new(|_| Reply::Close);
    let gate = Gate::before(&up);
    assert_eq!(gate.get(PROFILE).code(), "upstream_malformed");
    assert_eq!(up.seen().len(), 1);
}

#[test]
fn a_connection_the_platform_closed_while_it_waited_takes_no_write() {
    let (closed, is_closed) = channel();
    let addr = platform(move |at, mut stream| {
        while !read_until(&mut stream, b"\r\n\r\n").is_empty() {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").unwrap();
            if at == 0 {
                stream.shutdown(Shutdown::Both).unwrap();
                closed.send(()).unwrap();
                return;
            }
        }
    });
    let gate = Gate::start(&format!("http://{addr}"), crate::support::TIER, |_| {});
    assert_eq!(gate.get(PROFILE).status, 200);
    is_closed.recv().unwrap();
    let answer = gate.call(&post(PUBLISH, "Content-Length: 9\r\n", "caption=x"));
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[test]
fn large_bodies_pass_unchanged_whatever_frames_them() {
    let body: String = (0..400_000).map(|at| char::from(b'a' + (at % 23) as u8)).collect();
    for codec in BOTH {
        for framing in ["length", "chunks", "end"] {
            let sent = body.clone();
            let up = Upstream::new(move |seen| {
                assert!(seen.body.is_empty() || seen.body.len() == sent.len() + 8);
                let head = "HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n";
                let chunks = || {
                    let all = sent.as_bytes().chunks(70_000);
                    let text = |part| String::from_utf8_lossy(part).into_owned();
                    all.map(|part| format!("{:X}\r\n{}\r\n", part.len(), text(part)))
                        .collect::<String>()
                };
                match framing {
                    "length" => Reply::Bytes(
                        format!("{head}Content-Length: {}\r\n\r\n{sent}", sent.len()).into(),
                    ),
                    "chunks" => Reply::Bytes(
                        format!("{head}Transfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n", chunks())
                            .into(),
                    ),
                    _ => Reply::Last(format!("{head}\r\n{sent}").into()),
                }
            });
            let gate = gate(&up, codec);
            let answer = gate.get(PROFILE);
            assert!(answer.whole && answer.text() == body, "{codec:?} {framing}");
            let form = format!("caption={body}");
            let answer =
                gate.call(&post(PUBLISH, &format!("Content-Length: {}\r\n", form.len()), &form));
            assert!(answer.whole && answer.text() == body, "{codec:?} {framing} to a write");
        }
    }
}

#[test]
fn large_uploads_pass_unchanged_whatever_frames_them() {
    let body: Vec<u8> = (0..3_000_000_u32).map(|at| b'a' + (at % 23) as u8).collect();
    for codec in BOTH {
        let up = Upstream::plain();
        let gate = gate(&up, codec);
        let mut peer = gate.connect();
        let kind = "Content-Type: video/mp4\r\n";
        peer.send(post(UPLOAD, &format!("{kind}Content-Length: {}\r\n", body.len()), ""));
        peer.send(&body);
        assert_eq!(peer.answer().status, 200);
        peer.send(post(UPLOAD, &format!("{kind}Transfer-Encoding: chunked\r\n"), ""));
        for (at, part) in body.chunks(100_000).enumerate() {
            let part = if at % 2 == 0 { part } else { &part[..1000] };
            peer.send(format!("{:x}\r\n", part.len()));
            peer.send(part);
            peer.send("\r\n");
        }
        peer.send("0\r\n\r\n");
        assert_eq!(peer.answer().status, 200);
        let seen = up.seen();
        assert!(seen[0].body == body && seen[0].header("transfer-encoding").is_none(), "{codec:?}");
        let odd: Vec<u8> = body
            .chunks(100_000)
            .enumerate()
            .flat_map(|(at, part)| if at % 2 == 0 { part } else { &part[..1000] })
            .copied()
            .collect();
        assert!(seen[1].body == odd, "{codec:?}");
    }
}

/// A platform that answers as soon as it has the head, then tells what else it read.
fn hasty(answer: &'static str) -> (SocketAddr, Receiver<Vec<u8>>) {
    let (tell, told) = channel();
    let addr = platform(move |_, mut stream| {
        let mut all = read_until(&mut stream, b"\r\n\r\n");
        stream.write_all(answer.as_bytes()).unwrap();
        let _ = stream.read_to_end(&mut all);
        tell.send(all).unwrap();
    });
    (addr, told)
}

#[test]
fn an_answer_may_come_before_the_upload_is_over_and_the_rest_still_goes_on() {
    for codec in BOTH {
        let (addr, told) = hasty("HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}");
        let gate =
            Gate::start(&format!("http://{addr}"), crate::support::TIER, |set| set.codec = codec);
        let mut peer = gate.connect();
        let lines = "Content-Type: video/mp4\r\nTransfer-Encoding: chunked\r\n";
        peer.send(post(UPLOAD, lines, "3\r\nabc\r\n"));
        assert_eq!(peer.answer().status, 202, "{codec:?}");
        peer.send("3\r\ndef\r\n0\r\n\r\n");
        let all = String::from_utf8(told.recv().unwrap()).unwrap();
        assert!(all.ends_with("3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"), "{codec:?}: {all}");
        // The connection is in step and serves another call.
        peer.send(get("/nothing-of-the-kind", ""));
        assert_eq!(peer.answer().status, 403, "{codec:?}");
    }
}

#[test]
fn an_upload_that_breaks_off_is_never_ended_as_if_whole() {
    for codec in BOTH {
        for answer in ["", "HTTP/1.1 202 Accepted\r\nContent-Length: 9\r\n\r\n{"] {
            let (addr, told) = hasty(answer);
            let gate = Gate::start(&format!("http://{addr}"), crate::support::TIER, |set| {
                set.codec = codec
            });
            let mut peer = gate.connect();
            let lines = "Content-Type: video/mp4\r\nTransfer-Encoding: chunked\r\n";
            peer.send(post(UPLOAD, lines, "3\r\nabc\r\n"));
            if !answer.is_empty() {
                assert_eq!(peer.head().unwrap().0, 202);
            }
            peer.send("zz\r\n");
            drop(peer);
            let all = String::from_utf8(told.recv().unwrap()).unwrap();
            assert!(!all.contains("0\r\n\r\n"), "{codec:?}: {all}");
        }
    }
}

#[test]
fn an_upload_goes_on_while_the_partner_takes_nothing_of_the_answer() {
    const LONG: usize = 32 * 1024 * 1024;
    for codec in BOTH {
        let addr = platform(|_, mut stream| {
            read_until(&mut stream, b"\r\n\r\n");
            let mut answering = stream.try_clone().unwrap();
            std::thread::spawn(move || {
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: {LONG}\r\n\r\n"
                );
                let _ = answering.write_all(head.as_bytes());
                let _ = answering.write_all(&vec![b'a'; LONG]);
            });
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        });
        let gate =
            Gate::start(&format!("http://{addr}"), crate::support::TIER, |set| set.codec = codec);
        let mut peer = gate.connect();
        peer.send(post(
            UPLOAD,
            &format!("Content-Type: video/mp4\r\nContent-Length: {LONG}\r\n"),
            "",
        ));
        // The partner reads only when it has sent all.
        peer.send(vec![b'b'; LONG]);
        let answer = peer.answer();
        assert!(answer.whole && answer.body.len() == LONG, "{codec:?}");
    }
}

#[test]
fn an_upload_that_the_platform_takes_no_more_of_is_let_go_after_its_answer() {
    let addr = platform(|_, mut stream| {
        read_until(&mut stream, b"\r\n\r\n");
        stream.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}").unwrap();
        // Kept open, and read no further.
        let _kept = std::mem::ManuallyDrop::new(stream);
    });
    let gate = Gate::start(&format!("http://{addr}"), crate::support::TIER, |set| {
        let (times, short) = (&mut set.timeouts, std::time::Duration::from_millis(100));
        (times.first_byte, times.answer_idle, times.send) = (short, short, short);
        (times.body, times.body_idle) = (short, short);
    });
    let mut stream = TcpStream::connect(gate.running().addr()).unwrap();
    let mut sending = stream.try_clone().unwrap();
    let sender = std::thread::spawn(move || {
        let lines = "Content-Type: video/mp4\r\nContent-Length: 1000000000\r\n";
        sending.write_all(post(UPLOAD, lines, "").as_bytes()).unwrap();
        // More than the sockets on the way hold, until the gate takes no more.
        while sending.write_all(&[b'x'; 65_536]).is_ok() {}
    });
    assert!(read_until(&mut stream, b"{}").starts_with(b"HTTP/1.1 202 "));
    // It ends since its connection does.
    sender.join().unwrap();
}

#[test]
fn a_platform_that_refuses_an_upload_is_heard_though_it_reads_no_more() {
    let addr = platform(|_, mut stream| {
        read_until(&mut stream, b"\r\n\r\n");
        stream
            .write_all(
                b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
            )
            .unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        // Keeps the connection until the gate lets go, and reads nothing.
        let mut rest = [0; 1];
        while stream.read(&mut rest).is_ok_and(|count| count > 0) {}
    });
    let gate = Gate::start(&format!("http://{addr}"), crate::support::TIER, |_| {});
    let mut peer = gate.connect();
    let lines = "Content-Type: video/mp4\r\nContent-Length: 100\r\n";
    peer.send(post(UPLOAD, lines, "abc"));
    let answer = peer.answer();
    assert_eq!((answer.status, answer.text().as_str()), (413, "{}"));
}

#[test]
fn a_platform_that_answers_and_resets_an_upload_is_heard() {
    for _ in 0..20 {
        let addr = platform(|_, mut stream| {
            read_until(&mut stream, b"\r\n\r\n");
            stream.write_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\n{}").unwrap();
            // Closed with bytes unread, which resets the connection.
        });
        let gate = Gate::start(&format!("http://{addr}"), crate::support::TIER, |_| {});
        let mut peer = gate.connect();
        let body = vec![b'x'; 4_000_000];
        let lines = format!("Content-Type: video/mp4\r\nContent-Length: {}\r\n", body.len());
        peer.send(post(UPLOAD, &lines, ""));
        peer.send(&body[..100_000]);
        assert_eq!(peer.head().unwrap().0, 413);
    }
}

#[test]
fn a_call_whose_partner_left_takes_its_connection_with_it() {
    for codec in BOTH {
        // By the connection: a call is seen before it is decided what becomes of it.
        let up = Upstream::new(|seen| match seen.connection {
            0 => Reply::Never,
            _ => Reply::json("{}"),
        });
        let gate = gate(&up, codec);
        let mut peer = gate.connect();
        peer.send(get(PROFILE, ""));
        wait(|| up.seen().len() == 1);
        drop(peer);
        wait(|| gate.metrics.render().contains("portcullis_open_connections 0"));
        assert_eq!(gate.get(PROFILE).status, 200);
        assert_eq!(up.seen()[1].connection, 1, "{codec:?}");
    }
}

#[test]
fn links_are_rewritten_whoever_read_the_answer() {
    for codec in BOTH {
        let head = "HTTP/1.1 200 OK\r\nConnection: x-hop\r\nX-Hop: 1\r\nX-App-Usage: {}\r\n";
        let pieces = [r#"{"paging":{"next":"http://up"#, r#"/v21.0/1?a=b"}}"#];
        let chunks = pieces.map(|piece| format!("{:x}\r\n{piece}\r\n", piece.len())).concat();
        let up = scripted(&[&format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n")]);
        let gate = Gate::with(&up, |settings| {
            settings.codec = codec;
            settings.rate_fields = false;
        });
        let answer = gate.get(MEDIA);
        assert_eq!(answer.status, 200, "{codec:?} {}", answer.text());
        assert!(
            answer.text().contains("http://gate.test/v21.0/1?a=b"),
            "{codec:?} {}",
            answer.text()
        );
        for name in ["x-hop", "x-app-usage", "transfer-encoding"] {
            assert_eq!(answer.header(name), None, "{codec:?} {name}");
        }
    }
}
