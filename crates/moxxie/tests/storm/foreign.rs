//! Somebody who writes into the database behind the servers' back.

use std::{
    io::{Read, Write},
    net::IpAddr,
    process::{Child, Command, Stdio},
    thread::{self, JoinHandle},
    time::Duration,
};

use ipnet::IpNet;

/// A session of its own: PostgreSQL's `psql`, or Python's `sqlite3` for a file.
pub(crate) struct Session {
    child: Child,
    /// What it complains of, read all the time: a full pipe would stop it.
    said: JoinHandle<String>,
    /// How bytes are written down.
    bytes: fn(&str) -> String,
    random: fastrand::Rng,
    written: u64,
}

/// Statements by line, each on its own; what the database refuses is refused.
const PYTHON: &str = "
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
for line in sys.stdin:
    try:
        database.execute(line)
    except sqlite3.IntegrityError:
        pass
";

impl Session {
    pub(crate) fn postgres(url: &str, seed: u64) -> Self {
        Self::start(
            Command::new("psql").args(["-q", "-d", url]),
            |hex| format!("decode('{hex}', 'hex')"),
            seed,
        )
    }

    pub(crate) fn sqlite(path: &std::path::Path, seed: u64) -> Self {
        let mut command = Command::new("python3");
        Self::start(command.arg("-c").arg(PYTHON).arg(path), |hex| format!("x'{hex}'"), seed)
    }

    fn start(command: &mut Command, bytes: fn(&str) -> String, seed: u64) -> Self {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let said = thread::spawn(move || {
            let mut said = String::new();
            stderr.read_to_string(&mut said).unwrap();
            said
        });
        Self { child, said, bytes, random: fastrand::Rng::with_seed(seed), written: 0 }
    }

    /// Puts a prefix of its own somewhere, or takes some of its own away.
    pub(crate) fn write(&mut self, pools: &[(String, IpNet)]) {
        let (name, pool) = &pools[self.random.usize(0..pools.len())];
        let subnets: Vec<IpNet> = pool.subnets(27).unwrap().collect();
        let subnet = subnets[self.random.usize(0..subnets.len())];
        self.written += 1;
        let sql = if self.random.u32(0..3) == 0 {
            format!("DELETE FROM prefix WHERE purpose = 'foreign' AND prefix >= '{subnet}';")
        } else {
            insert(self.written, name, subnet, self.bytes)
        };
        // A killed PostgreSQL takes the session with it.
        let _ = writeln!(self.child.stdin.as_mut().unwrap(), "{sql}");
    }

    /// Ends the session, and says what it had to complain of that is not a refusal.
    pub(crate) fn end(mut self) -> u64 {
        drop(self.child.stdin.take());
        let said = self.said.join().unwrap();
        self.child.wait().unwrap();
        // Refused, given up so that a server may go on, or cut off with the database: nothing else.
        let expected = ["prefix_overlap", "deadlock detected", "terminat", "the database system"];
        for line in said.lines().filter(|line| line.starts_with("ERROR") || line.starts_with("FATAL")) {
            assert!(expected.iter().any(|text| line.contains(text)), "the foreign session: {line}");
        }
        self.written
    }
}

/// How long it waits between two writes.
pub(crate) const PAUSE: Duration = Duration::from_millis(15);

fn insert(number: u64, pool: &str, subnet: IpNet, bytes: fn(&str) -> String) -> String {
    let hex = |address: IpAddr| match address {
        IpAddr::V4(v4) => format!("{:032x}", u32::from(v4)),
        IpAddr::V6(v6) => format!("{:032x}", u128::from(v6)),
    };
    let (first, last) = (bytes(&hex(subnet.network())), bytes(&hex(subnet.broadcast())));
    let length = subnet.prefix_len();
    format!(
        "INSERT INTO prefix (id, vrf_id, tenant_id, pool_id, family, first, last, length, prefix, status, \
         purpose, labels, since, created_at) \
         SELECT 'pfx-00000000-0000-7000-8000-{number:012x}', vrf_id, NULL, id, 4, {first}, {last}, {length}, \
         '{subnet}', 'reserved', 'foreign', '{{}}', 0, 0 FROM pool WHERE name = '{pool}';"
    )
}
