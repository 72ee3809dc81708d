-- What searches need on both databases beside the keys.

CREATE INDEX address_mac ON address (mac, id) WHERE mac IS NOT NULL;
CREATE INDEX address_vm ON address (vm_id, id) WHERE vm_id IS NOT NULL;
