"""Putting a portal together from its settings: the one place that sees every part.

`Common` is what the parts share; what belongs together is put together in the modules beside it.
Nothing is decided here.
"""

from portal.access.notices import JOB as NOTICE
from portal.access.notices import NoticeMail
from portal.composition.addresses import Moved
from portal.composition.common import Common
from portal.composition.desk import put_desk_together
from portal.composition.duties import Work, schedule_of
from portal.composition.erasures import Erased
from portal.composition.mailings import Mailings
from portal.composition.objections import Opposed
from portal.composition.signing_in import SigningIn
from portal.composition.whole import Portal
from portal.config import Settings
from portal.domain.clock import Clock, utc_now
from portal.rights.cases.overdue import Overdue
from portal.rights.copies.export import Exporting
from portal.rights.copies.keeping import Copies
from portal.rights.copies.telling import Telling
from portal.rights.correcting.choose import Choosing
from portal.rights.correcting.correct import Correcting
from portal.rights.correcting.drafts import Drafts
from portal.rights.delivery.deliver import Delivering
from portal.rights.erasing.erase import Erasing
from portal.rights.erasing.later import Planning
from portal.rights.held.seen import Seals
from portal.rights.held.telling_apart import TellingApart
from portal.rights.requests.ask_us import AskingUs
from portal.rights.requests.own import OwnRecords
from portal.rights.requests.progress import Following
from portal.rights.requests.receiving import JOB as DELIVERY
from portal.rights.services import Rights
from portal.sync.jobs import Handlers
from portal.sync.schedule import JOB as SCHEDULE
from portal.web.context import Services
from portal.web.wellknown import policy_since


def compose(settings: Settings, clock: Clock = utc_now) -> Portal:
    """Put a portal together. CRMs and mail server may be away; that shows when they are needed."""
    common = Common.of(settings, clock)
    database, vault, ledger = common.database, common.vault, common.ledger
    adapters, register = common.adapters, common.register
    signing_in, erased = SigningIn.of(common), Erased.of(common)
    mailings, moved = Mailings.of(common), Moved.of(common)
    notices = NoticeMail(common.writer, common.mailer, common.site_names, clock)
    opposed = Opposed.of(common, notices)
    correcting = Correcting(register, common.requests, Seals(vault), common.recipients)
    choosing = Choosing(database, vault, correcting, ledger, clock)
    copies = Copies(database, vault, ledger, common.others, clock)
    overdue = Overdue(database, common.zone, clock)
    schedule = schedule_of(common, mailings, moved, choosing, overdue)
    handlers: Handlers = {
        NOTICE: notices,
        DELIVERY: Delivering(
            database, adapters, ledger, erased.aftermath, common.others, common.marks, clock
        ),
        SCHEDULE: schedule,
        **signing_in.handlers,
        **mailings.handlers,
        **erased.handlers,
        **opposed.handlers,
        **moved.handlers,
    }
    erased.recovery.look()
    work = Work.of(common, handlers, erased.recovery, copies)
    services = Services(
        settings=settings,
        register=register,
        database=database,
        adapters=adapters,
        asking=signing_in.asking,
        redeeming=signing_in.redeeming,
        api_keys=signing_in.api_keys,
        handing_over=signing_in.handing_over,
        sessions=common.sessions,
        rights=_rights_of(common, mailings, opposed, moved, correcting, choosing, copies),
        links=common.links,
        policy_since=policy_since(settings),
        desk=put_desk_together(common, handlers, work.gates),
        recovery=erased.recovery,
        clock=clock,
    )
    return Portal(
        settings=settings,
        register=register,
        database=database,
        vault=vault,
        adapters=adapters,
        outbox=common.outbox,
        ledger=ledger,
        gates=work.gates,
        handlers=handlers,
        overdue=overdue,
        schedule=schedule,
        erased=erased,
        opposed=opposed,
        worker=work.worker,
        crew=work.crew,
        services=services,
    )


def _rights_of(
    common: Common,
    mailings: Mailings,
    opposed: Opposed,
    moved: Moved,
    correcting: Correcting,
    choosing: Choosing,
    copies: Copies,
) -> Rights:
    database, vault, clock = common.database, common.vault, common.clock
    requests, reading, recipients = common.requests, common.reading, common.recipients
    ledger, sessions, register = common.ledger, common.sessions, common.register
    telling = Telling(register, common.settings, clock)
    return Rights(
        reading=reading,
        correcting=correcting,
        drafts=Drafts(vault, clock),
        choosing=choosing,
        deciding=common.deciding,
        stopping=mailings.stopping,
        undoing=mailings.undoing,
        giving=mailings.giving,
        heeding=mailings.heeding,
        often=mailings.often,
        pausing=mailings.pausing,
        restricting=opposed.restricting,
        objecting=opposed.objecting,
        erasing=Erasing(requests, sessions, recipients, ledger, clock),
        planning=Planning(
            database,
            register,
            reading,
            requests,
            common.deciding,
            common.consents,
            sessions,
            common.suppressions,
            recipients,
            ledger,
            clock,
        ),
        exporting=Exporting(
            database, telling, requests, common.consents, common.deciding, copies, ledger
        ),
        requests=requests,
        own=OwnRecords(database, clock),
        recipients=recipients,
        following=Following(database, vault, clock),
        feed=common.feed,
        mailable=mailings.mailable,
        cases=common.cases,
        changing=moved.changing,
        telling_apart=TellingApart(database, vault, sessions, register, reading, clock),
        asking_us=AskingUs(database, vault, requests, common.cases, common.settings.limits, clock),
    )
