//! A change that fails half-way is undone, whole.

use routeros_emulator::{Fault, FaultKind};

use crate::demo::story::{Story, ensure};

pub(crate) async fn half_way(story: &mut Story) -> anyhow::Result<()> {
    story.stage.chapter("A change fails half-way and is undone, whole")?;
    let before = (story.taken("dc2").await?, story.lab.dc2.emulator.snapshot());
    let refusal = FaultKind::Refuse("failure: out of memory (arranged by the demo)".into());
    story.lab.dc2.emulator.faults().inject(Fault::once("/ip/dhcp-server/add", refusal));
    story.stage.say("r2 will refuse the DHCP server, after VLAN, address and firewall rules are made.")?;
    let change = story.provision(&Story::request("dc2", "demo-unlucky")).await?;
    if let Some(error) = &change.error {
        story.stage.quote(&error.message)?;
    }
    let hits = story.lab.dc2.emulator.faults().hits().len();
    story.lab.dc2.emulator.faults().clear();
    let so = ensure(hits == 1, || format!("the fault was met {hits} times"));
    story.stage.check("the router refused in the middle of the change", so)?;
    let so = ensure(change.state == "rolled_back", || format!("it is {}", change.state));
    story.stage.check("the change is rolled back", so)?;
    let after = (story.taken("dc2").await?, story.lab.dc2.emulator.snapshot());
    let so = ensure(before.1 == after.1, || before.1.diff(&after.1));
    story.stage.check("r2 is exactly as before", so)?;
    let so = ensure(before.0 == after.0, || format!("{:?} became {:?}", before.0, after.0));
    story.stage.check("VLAN and prefix are free again", so)
}
