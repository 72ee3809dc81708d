//! Coming and going.

use routeros_client::{Command, Connection, Error};
use secrecy::SecretString;

use crate::check::{Ending, Stop, same, that};
use crate::{Check, Lab, Need, Quality, Raw};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "login.bare-done",
        source: "manual, API: since 6.43 /login with name and password is answered by a bare !done",
        quality: Quality::Manual,
        need: Need::PlainApi,
        run: |lab| Box::pin(bare_done(lab)),
    },
    Check {
        name: "login.wrong-password",
        source: "several clients' tests: !trap `invalid user name or password (6)`, then !done",
        quality: Quality::Measured,
        need: Need::PlainApi,
        run: |lab| Box::pin(wrong_password(lab)),
    },
    Check {
        name: "login.wrong-then-right",
        source: "several clients retry on the same socket: a refused login does not end the connection",
        quality: Quality::Assumed,
        need: Need::PlainApi,
        run: |lab| Box::pin(wrong_then_right(lab)),
    },
    Check {
        name: "login.client-refused",
        source: "several clients' tests: a wrong password is a refusal, not a lost connection",
        quality: Quality::Measured,
        need: Need::Session,
        run: |lab| Box::pin(client_refused(lab)),
    },
    Check {
        name: "login.required",
        source: "two client projects: a command before login is answered by !fatal `not logged in`, and the end",
        quality: Quality::Reported,
        need: Need::PlainApi,
        run: |lab| Box::pin(required(lab)),
    },
    Check {
        name: "quit",
        source: "librouteros: /quit is answered by !fatal `session terminated on request`, and the end",
        quality: Quality::Measured,
        need: Need::PlainApi,
        run: |lab| Box::pin(quit(lab)),
    },
    Check {
        name: "session.active",
        source: "command tree: /user/active lists sessions with name and via",
        quality: Quality::Tree,
        need: Need::Session,
        run: |lab| Box::pin(active(lab)),
    },
    Check {
        name: "session.logged",
        source: "users' reports: each login writes `user X logged in from A via api` to the log",
        quality: Quality::Reported,
        need: Need::Session,
        run: |lab| Box::pin(logged(lab)),
    },
];

async fn bare_done(lab: &mut Lab) -> Ending {
    // The answer is compared within.
    lab.raw().await.map(drop)
}

async fn wrong_password(lab: &mut Lab) -> Ending {
    let mut raw = Raw::open(lab.target()).await?;
    let name = format!("=name={}", lab.target().user);
    raw.send(&["/login", &name, "=password=surely not this one"]).await?;
    let answer = raw.until_done().await?;
    same("sentences", answer.len(), 2)?;
    same("first word", answer[0][0].as_str(), "!trap")?;
    let text = "=message=invalid user name or password (6)";
    that(answer[0].iter().any(|word| word == text), || format!("no {text} in {:?}", answer[0]))
}

async fn wrong_then_right(lab: &mut Lab) -> Ending {
    use secrecy::ExposeSecret;
    let mut raw = Raw::open(lab.target()).await?;
    let name = format!("=name={}", lab.target().user);
    raw.send(&["/login", &name, "=password=surely not this one"]).await?;
    raw.until_done().await?;
    let password = format!("=password={}", lab.target().password.expose_secret());
    raw.send(&["/login", &name, &password]).await?;
    same("answer", raw.words().await?, vec!["!done".to_owned()])
}

async fn client_refused(lab: &mut Lab) -> Ending {
    let wrong = SecretString::from("surely not this one");
    let config = lab.target().config_as(&lab.target().user, wrong);
    match Connection::open(&config).await {
        Err(Error::Login { .. }) => Ok(()),
        Err(error) => Err(error.into()),
        Ok(_) => Err(Stop::Differs("logged in with a wrong password".to_owned())),
    }
}

async fn required(lab: &mut Lab) -> Ending {
    let mut raw = Raw::open(lab.target()).await?;
    raw.send(&["/system/identity/print"]).await?;
    same("answer", raw.words().await?, vec!["!fatal".to_owned(), "not logged in".to_owned()])?;
    raw.ends().await
}

async fn quit(lab: &mut Lab) -> Ending {
    let mut raw = lab.raw().await?;
    raw.send(&["/quit"]).await?;
    let expected = vec!["!fatal".to_owned(), "session terminated on request".to_owned()];
    same("answer", raw.words().await?, expected)?;
    raw.ends().await
}

async fn active(lab: &mut Lab) -> Ending {
    let rows = lab.run(Command::new("/user/active/print").equal("name", &lab.target().user)).await?.rows;
    let via: Vec<_> = rows.iter().filter_map(|row| row.get("via")).collect();
    that(via.iter().any(|via| via.starts_with("api")), || format!("no session via api, only {via:?}"))
}

async fn logged(lab: &mut Lab) -> Ending {
    let start = format!("user {} logged in from ", lab.target().user);
    let rows = lab.run(Command::new("/log/print").proplist(["message"])).await?.rows;
    let mut messages = rows.iter().filter_map(|row| row.get("message"));
    that(messages.any(|text| text.starts_with(&start) && text.contains(" via api")), || {
        format!("none of {} lines of the log begins with `{start}`", rows.len())
    })
}
