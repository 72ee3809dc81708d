//! `/system/scheduler`: what fires when (reference 4).

use super::router::Router;
use super::row::Row;
use super::session::Caller;
use crate::clock;
use crate::command::run_script;
use crate::schema::CompiledMenu;
use crate::value::{Names, Value, parse_duration};

const MENU: &str = "/system/scheduler";

impl Router {
    /// Computes `next-run` of a row that is about to be stored.
    pub(crate) fn plan_scheduler(&self, menu: &CompiledMenu, row: &mut Row) {
        let Some(ix) = menu.field("next-run") else { return };
        let runs = number(menu, row, "run-count");
        let disabled = menu.field("disabled").and_then(|ix| row.get(ix)).is_some_and(Value::is_true);
        match self.next_run(menu, row, runs).filter(|_| !disabled) {
            Some(at) => row.put(ix, Value::text(clock::format_date_time(at))),
            None => row.clear(ix),
        }
    }

    /// Aligned to start + n x interval; without an interval once; `startup` first fires one interval after boot.
    fn next_run(&self, menu: &CompiledMenu, row: &Row, runs: i64) -> Option<i64> {
        let interval = text(menu, row, "interval").and_then(parse_duration).unwrap_or(0) as i64;
        let start = match text(menu, row, "start-time")? {
            "startup" if interval == 0 => return (runs == 0).then_some(self.booted),
            "startup" => self.booted + interval,
            time => clock::parse_date_time(text(menu, row, "start-date")?, time)?,
        };
        // Dates print without fractions, so a row added now starts within this second.
        let now = self.now - self.now.rem_euclid(1000);
        match interval {
            0 => (runs == 0 && start >= now).then_some(start),
            _ if start > now => Some(start),
            _ => Some(start + ((now - start) / interval + 1) * interval),
        }
    }

    /// Runs every row whose time has come.
    pub(super) fn run_schedulers(&mut self) {
        let Some(menu) = self.menu(MENU) else { return };
        if self.space(MENU).is_none_or(|space| space.len() == 0) {
            return;
        }
        // In home mode the scheduler does not run (reference 4, device-mode).
        if self.setting("/system/device-mode", "scheduler").as_deref() == Some("false") {
            return;
        }
        let due: Vec<u32> = self
            .stored(&menu)
            .filter(|row| {
                let at = text(&menu, row, "next-run")
                    .and_then(|next| next.split_once(' '))
                    .and_then(|(date, time)| clock::parse_date_time(date, time));
                at.is_some_and(|at| at <= self.now)
            })
            .map(|row| row.id)
            .collect();
        for id in due {
            self.fire(&menu, id);
        }
    }

    fn fire(&mut self, menu: &CompiledMenu, id: u32) {
        let Some(mut row) = self.row(MENU, id).cloned() else { return };
        let runs = number(menu, &row, "run-count") + 1;
        if let Some(ix) = menu.field("run-count") {
            row.put(ix, Value::text(runs.to_string()));
        }
        self.plan_scheduler(menu, &mut row);
        self.replace_silently(menu, row.clone());
        let owner = text(menu, &row, "owner").unwrap_or_default().to_owned();
        let granted: Vec<String> =
            text(menu, &row, "policy").unwrap_or_default().split(',').map(str::to_owned).collect();
        let event = text(menu, &row, "on-event").unwrap_or_default().to_owned();
        // The event is a script's name or script text.
        let source = self.script_source(&event).unwrap_or(event);
        let name = text(menu, &row, "name").unwrap_or_default().to_owned();
        if let Err(trap) = run_script(self, &Caller::new(None, &owner, granted), &source) {
            self.log.push(
                self.now,
                "script,error",
                &format!("executing script from scheduler ({name}) failed: {trap}"),
            );
        }
    }

    fn script_source(&self, name: &str) -> Option<String> {
        let id = self.find("/system/script", name.as_bytes())?;
        let row = self.row("/system/script", id)?;
        self.value_of(row, "source").and_then(Value::as_str).map(str::to_owned)
    }

    /// After a reboot: `startup` rows count from now.
    pub(super) fn restart_schedulers(&mut self) {
        let Some(menu) = self.menu(MENU) else { return };
        let rows: Vec<Row> = self.stored(&menu).cloned().collect();
        for mut row in rows {
            let startup = text(&menu, &row, "start-time") == Some("startup");
            if let (true, Some(ix)) = (startup, menu.field("run-count")) {
                row.put(ix, Value::fixed("0"));
            }
            self.plan_scheduler(&menu, &mut row);
            self.replace_silently(&menu, row);
        }
    }
}

fn text<'a>(menu: &CompiledMenu, row: &'a Row, field: &str) -> Option<&'a str> {
    row.get(menu.field(field)?)?.as_str()
}

fn number(menu: &CompiledMenu, row: &Row, field: &str) -> i64 {
    text(menu, row, field).and_then(|text| text.parse().ok()).unwrap_or(0)
}
