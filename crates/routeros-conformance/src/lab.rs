//! The rows of one run: made under a random prefix, remembered, removed.

use std::collections::BTreeSet;
use std::time::Duration;

use routeros_client::{Command, Connection, Error, Facts, Reply, Row, Trap, Version};

use crate::check::Stop;
use crate::{Raw, Target};

/// Where a row's owner shows, and in which order menus are swept: what refers before what is referred to.
const MARKS: &[(&str, &str)] = &[
    ("/ip/firewall/address-list", "list"),
    ("/ip/firewall/filter", "chain"),
    ("/ip/address", "comment"),
    ("/ip/pool", "name"),
    ("/interface/vlan", "name"),
    ("/interface/bridge", "name"),
    ("/system/scheduler", "name"),
    ("/user", "name"),
    ("/user/group", "name"),
];

/// What checks work in.
#[derive(Debug)]
pub struct Lab {
    target: Target,
    facts: Facts,
    connection: Connection,
    prefix: String,
    names: u32,
    made: Vec<(String, String)>,
    menus: BTreeSet<&'static str>,
}

impl Lab {
    pub(crate) async fn open(target: Target, prefix: String) -> Result<Self, Error> {
        let connection = Connection::open(&target.config()).await?;
        let facts = Facts::read(&connection).await?;
        Ok(Self { target, facts, connection, prefix, names: 0, made: Vec::new(), menus: BTreeSet::new() })
    }

    /// What is asked.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// What the target says about itself.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Whether the target is RouterOS 7.`minor` or newer.
    pub fn since(&self, minor: u16) -> bool {
        self.facts.version >= Version::new(7, minor, 0)
    }

    /// The session that checks share.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// A new name that is nobody else's.
    pub fn name(&mut self, what: &str) -> String {
        self.names += 1;
        format!("{}-{what}{}", self.prefix, self.names)
    }

    /// Another session of the same user.
    ///
    /// # Errors
    ///
    /// As for [`Connection::open`].
    pub async fn another(&self) -> Result<Connection, Error> {
        Connection::open(&self.target.config()).await
    }

    /// A session of bare sentences, logged in.
    ///
    /// # Errors
    ///
    /// As for [`Raw::login`].
    pub async fn raw(&self) -> Result<Raw, Stop> {
        Raw::login(&self.target).await
    }

    /// Makes a row that is removed when the check has ended, and answers its id.
    ///
    /// # Errors
    ///
    /// The target's refusal.
    pub async fn add(&mut self, menu: &str, fields: &[(&str, &str)]) -> Result<String, Stop> {
        let command = self.command(menu, "add", fields);
        let reply = self.run(command).await?;
        let Some(id) = reply.ret() else {
            return Err(Stop::Differs(format!("{menu}/add answered without =ret=")));
        };
        let id = id.to_owned();
        self.made.push((menu.to_owned(), id.clone()));
        Ok(id)
    }

    /// A command with attributes, its menu remembered for the sweep.
    pub fn command(&mut self, menu: &str, verb: &str, fields: &[(&str, &str)]) -> Command {
        self.menus.extend(MARKS.iter().map(|(known, _)| *known).filter(|known| *known == menu));
        let command = Command::new(format!("{menu}/{verb}"));
        fields.iter().fold(command, |command, (name, value)| command.attr(name, value))
    }

    /// Changes a row.
    ///
    /// # Errors
    ///
    /// The target's refusal.
    pub async fn set(&mut self, menu: &str, id: &str, fields: &[(&str, &str)]) -> Result<Reply, Stop> {
        let command = self.command(menu, "set", fields).id(id);
        self.run(command).await
    }

    /// Removes a row.
    ///
    /// # Errors
    ///
    /// The target's refusal.
    pub async fn remove(&self, menu: &str, id: &str) -> Result<Reply, Stop> {
        self.run(Command::new(format!("{menu}/remove")).id(id)).await
    }

    /// Runs a command on the shared session.
    ///
    /// # Errors
    ///
    /// The target's refusal.
    pub async fn run(&self, command: impl Into<Command>) -> Result<Reply, Stop> {
        Ok(self.connection.run(command).await?)
    }

    /// The row with this id, if there is one.
    ///
    /// # Errors
    ///
    /// The target's refusal.
    pub async fn row(&self, menu: &str, id: &str) -> Result<Option<Row>, Stop> {
        let print = Command::new(format!("{menu}/print")).equal(".id", id);
        Ok(self.run(print).await?.rows.into_iter().next())
    }

    /// A property of the row with this id; `None` when there is no such row or the row lacks it.
    ///
    /// # Errors
    ///
    /// The target's refusal.
    pub async fn value(&self, menu: &str, id: &str, property: &str) -> Result<Option<String>, Stop> {
        Ok(self.row(menu, id).await?.and_then(|row| row.get(property).map(str::to_owned)))
    }

    /// The refusal that a command gets.
    ///
    /// # Errors
    ///
    /// [`Stop::Differs`] when it gets none.
    pub async fn refusal(&self, command: Command) -> Result<Trap, Stop> {
        let path = command.path().to_owned();
        match self.connection.run(command).await {
            Ok(_) => Err(Stop::Differs(format!("{path} was carried out, expected a refusal"))),
            Err(error) => match error.trap() {
                Some(trap) => Ok(trap.clone()),
                None => Err(error.into()),
            },
        }
    }

    /// Waits until something is so, asking again and again.
    ///
    /// # Errors
    ///
    /// The asking's; [`Stop::Differs`] when it did not become so within `limit`.
    pub async fn wait(
        &self,
        what: &str,
        limit: Duration,
        mut ask: impl AsyncFnMut(&Self) -> Result<bool, Stop>,
    ) -> Result<(), Stop> {
        let start = tokio::time::Instant::now();
        while !ask(self).await? {
            if start.elapsed() > limit {
                return Err(Stop::Differs(format!("{what}: not within {} s", limit.as_secs())));
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Ok(())
    }

    /// Removes what the last check made, last first, on a new session if the old one is lost.
    pub(crate) async fn tidy(&mut self) -> Result<(), Error> {
        if self.connection.is_closed() || self.connection.is_suspect() {
            self.connection = self.another().await?;
        }
        while let Some((menu, id)) = self.made.pop() {
            match self.connection.run(Command::new(format!("{menu}/remove")).id(id)).await {
                // Gone already, or not to be removed now: the sweep at the end tries again, and tells.
                Err(error) if error.trap().is_none() => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Removes every row with this run's prefix and answers those that would not go.
    pub(crate) async fn sweep(&mut self) -> Result<Vec<String>, Error> {
        self.tidy().await?;
        let mut left = Vec::new();
        for (menu, mark) in MARKS.iter().filter(|(menu, _)| self.menus.contains(menu)) {
            for (id, name) in self.own(menu, mark).await? {
                if self.connection.run(Command::new(format!("{menu}/remove")).id(&id)).await.is_err() {
                    left.push(format!("{menu} {id} {name}"));
                }
            }
        }
        Ok(left)
    }

    async fn own(&self, menu: &str, mark: &str) -> Result<Vec<(String, String)>, Error> {
        let print = Command::new(format!("{menu}/print")).proplist([".id", mark]);
        let rows = self.connection.run(print).await?.rows;
        let own = rows.iter().filter_map(|row| Some((row.id()?.to_owned(), row.get(mark)?.to_owned())));
        Ok(own.filter(|(_, name)| name.starts_with(&self.prefix)).collect())
    }
}
