"""`goldpan retry`: sends again what HubSpot refused."""

from sync.cli.options import AsOf, ConfigFolder, Json, Verbose, as_date


def command(as_of: AsOf = None, json: Json = False, config: ConfigFolder = None, verbose: Verbose = False) -> None:
    """Send the contacts again that HubSpot refused, and nobody else.

    A run does that by itself when their values, HubSpot's properties or Goldpan's version change, else weekly. Held
    plans are not retried: they go by `goldpan run --approve`.

    \b
    Examples:
      goldpan retry
      goldpan retry --json
    """
    from goldpan.errors import GoldpanError
    from sync.cli.bars import progress_for
    from sync.cli.carrying import carried_out
    from sync.cli.output import end_run
    from sync.observe import configure_logs
    from sync.record import failed_record
    from sync.runner import RunRequest, run
    from sync.settings import load_settings

    configure_logs(is_verbose=verbose)
    request = RunRequest(as_of=as_date(as_of), retry=True)
    try:
        settings, progress = load_settings(config), progress_for(is_quiet=json)
        record = carried_out(settings, lambda stop: run(settings, request, progress=progress, stop=stop))
    except GoldpanError as error:
        if not json:
            raise
        record = failed_record(error, as_of=request.as_of)
    end_run(record, as_json=json)
