//! Questions among very many addresses and prefixes, and how long their answers take.

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::{crowd::Crowd, load::Client};

/// How often each question is asked, each time of another object.
const ASKED: u64 = 300;

/// What a question is answered with at least.
enum Answer {
    /// So many items.
    Items(usize),
    /// The one thing asked for.
    Found,
    /// It is made.
    Made,
    /// There is no such thing.
    Nothing,
}

struct Question {
    name: &'static str,
    method: &'static str,
    path: fn(&Crowd, u64) -> String,
    body: Value,
    answer: Answer,
}

fn get(name: &'static str, items: usize, path: fn(&Crowd, u64) -> String) -> Question {
    Question { name, method: "GET", path, body: Value::Null, answer: Answer::Items(items) }
}

fn questions() -> Vec<Question> {
    let one =
        |name, path: fn(&Crowd, u64) -> String| Question { answer: Answer::Found, ..get(name, 0, path) };
    let make = |name, path: fn(&Crowd, u64) -> String, body| Question {
        method: "POST",
        body,
        answer: Answer::Made,
        ..get(name, 0, path)
    };
    vec![
        get("owner of an address", 1, |crowd, n| format!("search?q={}", crowd.address(n))),
        get("prefix around an address", 1, |crowd, n| {
            let taken = (n..).find(|n| crowd.is_taken(*n)).unwrap_or(n);
            format!("search?q={}", crowd.plot(taken))
        }),
        get("search: MAC address", 1, |crowd, n| format!("search?q={}", crowd.mac(n))),
        get("search: host name", 1, |crowd, n| format!("search?q=host-{}.", crowd.named(n))),
        get("search: part of a host name", 1, |crowd, n| format!("search?q=ost-{}.ex", crowd.named(n))),
        get("search: label", 1, |crowd, n| format!("search?q=rack%3Dr{}&limit=20", crowd.rack(n))),
        one("network", |crowd, n| format!("networks/{}", crowd.network(n))),
        get("list of 1,000 addresses", 1000, |crowd, n| {
            format!("networks/{}/ips?limit=1000", crowd.network(n))
        }),
        get("list of 100 prefixes, the first", 100, |_, _| "prefixes?limit=100".to_owned()),
        get("list of 100 prefixes, anywhere", 100, |crowd, n| {
            format!("prefixes?limit=100&cursor={}%2F28", crowd.plot(n))
        }),
        get("... of a tenant", 100, |crowd, n| {
            format!("prefixes?limit=100&clientId=acme&cursor={}%2F28", crowd.plot(n))
        }),
        get("... within a prefix", 8, |crowd, n| format!("prefixes?within={}%2F24", crowd.plot(n / 16 * 16))),
        get("... of a small pool", 1, |_, _| "prefixes?limit=100&pool=hosts".to_owned()),
        get("... in a rare status", 0, |_, _| "prefixes?limit=100&status=held".to_owned()),
        get("prefix tree, 100 nodes, the first", 100, |_, _| "prefixes/tree?limit=100".to_owned()),
        get("prefix tree, 100 nodes, anywhere", 100, |crowd, n| {
            format!("prefixes/tree?limit=100&cursor={}%2F28:2", crowd.plot(n))
        }),
        get("prefix tree within a prefix", 16, |crowd, n| {
            format!("prefixes/tree?within={}%2F24", crowd.plot(n / 16 * 16))
        }),
        one("pool and its utilisation", |_, _| "pools/plots".to_owned()),
        make("next address", |crowd, n| format!("networks/{}/ips/next", crowd.network(n)), json!({})),
        make("next prefix", |_, _| "prefixes".to_owned(), json!({"pool": "plots", "size": "/28"})),
    ]
}

/// Asks everything, and prints it.
pub(crate) async fn ask(crowd: &Crowd, client: &mut Client) -> Result<Value> {
    let mut figures = json!({});
    let (empty, _) = time(crowd, client, &one_that_asks_nothing()).await?;
    println!(
        "  among {} addresses and {} prefixes, us (an empty request: {empty})",
        crowd.addresses, crowd.prefixes
    );
    println!("  {:>34} {:>10} {:>10} {:>10}", "", "p50", "p99", "beyond");
    for question in questions() {
        let (p50, p99) = time(crowd, client, &question).await.context(question.name)?;
        let beyond = p50.saturating_sub(empty);
        println!("  {:>34} {p50:>10} {p99:>10} {beyond:>10}", question.name);
        figures[question.name] = json!({"p50Us": p50, "p99Us": p99, "beyondEmptyUs": beyond});
    }
    Ok(figures)
}

/// What a request costs that finds nothing by an id.
fn one_that_asks_nothing() -> Question {
    Question { answer: Answer::Nothing, ..get("nothing", 0, |_, _| "networks/none".to_owned()) }
}

/// Median and 99th percentile, in microseconds.
async fn time(crowd: &Crowd, client: &mut Client, question: &Question) -> Result<(u64, u64)> {
    let mut times = Vec::new();
    let body = if question.body.is_null() { String::new() } else { question.body.to_string() };
    for n in 0..ASKED {
        // Far apart, so that no page of the database is asked for twice in a row.
        let n = n.wrapping_mul(7_919_317);
        let path = (question.path)(crowd, n);
        let request = client.request(question.method, &path, &body);
        let start = Instant::now();
        let answer = client.send(&request).await?;
        times.push(u64::try_from(start.elapsed().as_micros())?);
        let text = String::from_utf8_lossy(&answer.body);
        let right = match question.answer {
            Answer::Items(at_least) => {
                let list: Value = serde_json::from_slice(&answer.body)?;
                answer.status == 200 && list["items"].as_array().is_some_and(|items| items.len() >= at_least)
            }
            Answer::Found => answer.status == 200,
            Answer::Made => answer.status == 201,
            Answer::Nothing => answer.status == 404,
        };
        ensure!(
            right,
            "{} {path}: {} {}",
            question.method,
            answer.status,
            text.chars().take(300).collect::<String>()
        );
    }
    times.sort_unstable();
    Ok((times[times.len() / 2], times[times.len() * 99 / 100]))
}
