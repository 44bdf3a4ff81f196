"""An adapter finds and reads what is there, and says truly what it can do."""

from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import pytest

from portal.adapters.contract import Adapter, AdapterSettings
from portal.adapters.testing.crm import ADDRESS, OTHER, Contract, Crm, read


class ReadingContract(Contract):
    """Ping, capabilities, find, read, fields and scan."""

    records_to_scan: ClassVar[int] = 5
    """Make it more than one page of your adapter's scan."""

    def test_it_is_an_adapter_and_answers_a_ping(self, crm: Crm) -> None:
        assert isinstance(crm.adapter, Adapter)
        assert issubclass(crm.adapter.Settings, AdapterSettings)
        assert isinstance(crm.adapter.settings, crm.adapter.Settings)
        assert crm.adapter.settings.label, "subscribers have to call this system something"
        crm.adapter.ping()

    def test_a_record_holds_exactly_what_the_capabilities_say(self, crm: Crm) -> None:
        can = crm.adapter.capabilities
        record = read(crm, crm.add(ADDRESS))
        assert set(record.values) == can.fields
        assert set(record.consents) == can.consents
        assert can.writable <= can.fields
        assert can.writable == set(crm.samples), "samples must name what is writable, and only that"
        assert {field: record.values[field] for field in crm.samples} == {
            field: one for field, (one, _, _) in crm.samples.items()
        }

    def test_the_list_of_fields_names_every_field_that_is_read(self, crm: Crm) -> None:
        assert crm.adapter.capabilities.fields <= {info.field for info in crm.adapter.fields()}

    @pytest.mark.parametrize("written", [ADDRESS, ADDRESS.upper(), f"  {ADDRESS} "])
    def test_a_record_is_found_by_its_address_in_any_case_and_with_spaces_around_it(
        self, crm: Crm, written: str
    ) -> None:
        ref = crm.add("Wilma.Jansen@Example.org")
        crm.add(OTHER)
        assert crm.adapter.find(written) == [ref]

    def test_the_address_of_a_record_is_exactly_as_the_crm_has_it(self, crm: Crm) -> None:
        ref = crm.add("Wilma.Jansen@Example.org")
        assert read(crm, ref).email == "Wilma.Jansen@Example.org"

    @pytest.mark.parametrize(
        "part", ["jansen@example.org", "wilma_jansen@example.org", "%@example.org", "*", "", " "]
    )
    def test_nobody_is_found_by_a_part_or_a_pattern_of_an_address(
        self, crm: Crm, part: str
    ) -> None:
        crm.add(ADDRESS)
        assert crm.adapter.find(part) == []

    def test_all_records_of_one_address_are_found(self, crm: Crm) -> None:
        refs = {crm.add(ADDRESS), crm.add(ADDRESS.title())}
        crm.add(OTHER)
        found = crm.adapter.find(ADDRESS)
        assert len(found) == 2
        assert set(found) == refs

    def test_a_record_that_is_gone_reads_as_none(self, crm: Crm) -> None:
        ref, stays = crm.add(ADDRESS), crm.add(OTHER)
        crm.remove(ref)
        assert crm.adapter.read(ref) is None
        assert crm.adapter.find(ADDRESS) == []
        assert read(crm, stays).email == OTHER

    def test_a_scan_gives_every_record_once_with_its_address(self, crm: Crm) -> None:
        addresses = [f"reader-{number}@example.org" for number in range(self.records_to_scan)]
        made = {crm.add(address): address for address in addresses}
        scanned = list(crm.adapter.scan())
        assert len(scanned) == len(made)
        assert dict(scanned) == made

    def test_several_threads_read_at_once_each_their_own_record(self, crm: Crm) -> None:
        made = {crm.add(address): address for address in (ADDRESS, OTHER, "els@example.org")}
        with ThreadPoolExecutor(3) as threads:
            addresses = list(threads.map(lambda ref: read(crm, ref).email, [*made] * 4))
        assert addresses == [*made.values()] * 4
