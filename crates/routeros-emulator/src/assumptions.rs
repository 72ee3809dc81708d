//! What is not established about RouterOS and had to be decided, in one table.

use serde::Serialize;

use crate::errors::assumed_texts;

/// Something that a person with a real router could settle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Assumption {
    /// Short name, used in comments of the code.
    pub id: String,
    /// What the emulator does.
    pub what: String,
    /// Why, and what speaks against it.
    pub why: String,
}

const TABLE: &[(&str, &str, &str)] = &[
    (
        "script-depth",
        "scripts run each other, or themselves, 16 deep, and blocks stand in each other 32 deep; more is an error",
        "a router must have some limit; neither it nor the error's text was found",
    ),
    (
        "prefix-match",
        "an unambiguous beginning of an enumeration word or of a name is taken for the whole",
        "users report `ambiguous value of X` for an empty reference, which only a match by beginning explains",
    ),
    (
        "in-use-removal",
        "removing a pool, list, table or group in use works; referring rows show the dead id",
        "seen for bridges and interfaces; nothing was found for the others",
    ),
    (
        "address-network",
        "changing the address of an /ip/address row recomputes network unless it is given too",
        "the manual computes network from the address on add and is silent about set",
    ),
    (
        "vlan-mtu",
        "an mtu above the lower interface's L2MTU minus 4 is refused with `could not set mtu`",
        "the text was seen on vxlan only; a VLAN may be accepted and broken instead",
    ),
    (
        "history-texts",
        "actions read `ip address added`, newest first",
        "texts in /system/history were seen in the manual for few menus only",
    ),
    (
        "safe-mode-errors",
        "take while another session holds is trapped with the console's text behind `failure: `",
        "texts were seen on console and SSH; nobody published the API's",
    ),
    (
        "safe-mode-foreign",
        "another session can neither release nor unroll a hold; a switch allows it",
        "two sources contradict each other",
    ),
    (
        "safe-mode-on-error",
        "`take on-error=` is accepted and changes nothing",
        "the meaning of its four words is not settled",
    ),
    (
        "safe-mode-reboot",
        "a reboot ends the hold and keeps what was done; a switch undoes it",
        "the hold is known to be lost; what becomes of the changes is not",
    ),
    (
        "safe-mode-limit",
        "the 101st action under safe mode ends it and keeps everything",
        "the manual says about 100",
    ),
    (
        "max-sessions",
        "a login beyond max-sessions is closed without a word",
        "what a client sees was not documented",
    ),
    (
        "missing-target",
        "set, remove and the like without `.id` or `numbers` answer `missing =.id=`",
        "the refusal is documented, its text is not",
    ),
    (
        "unset-value-name",
        "unset of a property that cannot be unset answers `input does not match any value of value-name`",
        "follows the enumeration rule; not seen",
    ),
    (
        "vrf-main",
        "/ip/vrf has a built-in row `main` in every version",
        "the row was seen; in which version it appeared was not",
    ),
    (
        "unset-to-default",
        "unset of a property that has a default puts the default back",
        "unset removes a matcher; for properties with a default nothing was found",
    ),
    (
        "certificate-sign",
        "signing is immediate and every key is elliptic",
        "a router takes seconds and makes what key-size asks for; clients see the same columns",
    ),
    (
        "certificate-export",
        "export-certificate writes `cert_export_NAME.crt`, or the file named, in PEM; the private key is never written",
        "a router writes the key too when a passphrase is given, and knows PKCS #12",
    ),
    (
        "connections-row",
        "a session appears as one dynamic row of /ip/service from 7.19, under the name of its service",
        "users report rows with the service's name; their other fields were not published",
    ),
    (
        "route-flags",
        "flags of /ip/route rows are absent when false, but dynamic, inactive and disabled are always there",
        "real rows seen were mixed",
    ),
    (
        "about-texts",
        "`.about` of a row that refers to something gone, or jumps to a chain that is not there, says so in words of ours",
        "the property and some of its texts were seen on real rows, not these",
    ),
    (
        "bgp-cache",
        "the row of a lost session stays for 30 s without its flag, then goes; a switch sets the time",
        "the manual says that it may stay until the cache expires, not when that is",
    ),
    (
        "bgp-restart",
        "changing a connection, its templates or its instance restarts the session, but for comments",
        "said of most fields; which ones do not was not found",
    ),
    (
        "bgp-open",
        "a neighbour of another AS than expected leaves a session row that is not established",
        "TCP came up, which makes the row; what happens behind a refused OPEN was not seen",
    ),
    (
        "upgrade-instances",
        "an upgrade to 7.20 makes one instance `bgp-instance-1`, `-2` ... for connections of the same as, router-id, cluster-id and ignore-as-path-len",
        "that instances are created is known, their names are not",
    ),
    (
        "upgrade-add-path",
        "an upgrade to 7.22 turns `add-path-out=all` into `output.add-path=ip,ipv6`",
        "the renaming is known, the conversion of the value is not",
    ),
    (
        "full-flash",
        "with a full flash, files, exports and backups fail; configuration can still be changed",
        "what else fails on a real router was not found",
    ),
    (
        "file-limit",
        "60 KiB is the most that one write takes and that `contents` shows; longer files need /file/read",
        "about 60 KiB was reported for writing, some tens of KB for reading",
    ),
    ("backup-missing", "loading a backup that is not there answers `no such item`", "the text was not found"),
    (
        "ping",
        "on a connected network the hosts put there answer, and the router itself; behind a gateway everything does; one hop away; the rest is `timeout`; names are never resolved",
        "there is no network behind an emulated router",
    ),
    (
        "arp-ping",
        "with `arp-ping` a row shows the answering MAC address as `host` and no size or ttl; without `interface` the connected one is taken",
        "the console shows it so; what the API sends was not published",
    ),
    (
        "arp-failed",
        "asking for an address that nobody has leaves a row with status `failed` and without MAC address for 30 s",
        "the manual names the status; how long such a row stays was not found",
    ),
    (
        "samples",
        "monitors show an idle router: rates are zero, links are up, there is no newer release",
        "nothing passes through an emulated router; which properties a real one leaves out then was seen for few",
    ),
    (
        "sample-sections",
        "every row of a sample carries the sample's number in `.section`, also when a sample has several rows",
        "seen for samples of one row; pings carry none in the manual's example",
    ),
    (
        "link-local",
        "every running interface with a MAC address that is no bridge port has a link-local address",
        "one such row was seen on a real router; exceptions were not looked for",
    ),
    (
        "filter-refused",
        "a /routing/filter/rule text that cannot be read is refused, on add and on set",
        "an import of a rule with a single `=` was reported as refused; the text of the refusal was not",
    ),
    (
        "inspect",
        "/console/inspect answers `child`, `syntax` and `completion` for what is emulated, completely; the descriptions \
         of members are empty, and `highlight` is refused",
        "the shapes were measured by others; over the binary API a real one loses some completions",
    ),
    (
        "execute",
        "a background script of /execute has run before its id is answered; one with `as-string` traps its error",
        "that errors of the background form are not reported was seen; how the other form reports them was not",
    ),
    (
        "export-builtin",
        "an export names changed built-in rows by name; by position where several are marked as default; a single \
         one without name by `[ find default=yes ]`",
        "seen in exports for services, logging, templates and nd, not for every menu",
    ),
    (
        "filter-judge",
        "an output chain is judged by destination, length, protocol, distance, metrics and communities; a condition \
         about anything else does not hold, and neither does its opposite; `return`, and the end of a chain that was \
         jumped to, go on behind the jump",
        "the manual says that a chain which falls off its end rejects, and is silent about jumps",
    ),
    (
        "advertisements",
        "rows of /routing/bgp/advertisements have peer, dst and afi, and the attributes only with \
         `output.keep-sent-attributes`; next hop is the local address; networks of neighbours are not passed on",
        "full data is said to need the option; what is there without it was not seen",
    ),
    (
        "filter-grammar",
        "a rule is one `if` with one optional `else`, whose blocks may hold further ones, or bare actions; there is no \
         `else if`, and nothing behind the outer `if`",
        "the manual shows the outer form only; a router may take more, or less",
    ),
];

/// Every assumption, texts of the error catalogue included.
pub fn assumptions() -> Vec<Assumption> {
    let decided = TABLE.iter().map(|(id, what, why)| Assumption {
        id: (*id).to_owned(),
        what: (*what).to_owned(),
        why: (*why).to_owned(),
    });
    let texts = assumed_texts().map(|text| Assumption {
        id: "error-text".to_owned(),
        what: format!("`{text}`"),
        why: "no text was found for this refusal; the wording follows its relatives".to_owned(),
    });
    decided.chain(texts).collect()
}
