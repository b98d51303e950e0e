using Microsoft.AspNetCore.Http;

namespace Tenon.Sandbox.Measures;

/// <summary>What the pipeline must know of a call before it is processed.</summary>
internal sealed record ApiCall
{
    public required string Service { get; init; }

    public string Region { get; init; } = "";

    /// <summary>The full name, such as <c>network.ports.list</c>.</summary>
    public required string Operation { get; init; }

    /// <summary>The path below the service's prefix, with the query.</summary>
    public required string Path { get; init; }

    /// <summary>Null: by the method.</summary>
    public CallKind? Kind { get; init; }

    /// <summary>Writes an error as this service words it: status, and the message where the rule has one.</summary>
    public required Func<HttpContext, int, string?, Task> WriteError { get; init; }
}

/// <summary>Around every API call, OpenStack's and Kubernetes' alike: the log, latency and faults.</summary>
internal sealed class CallPipeline(CallLog log, FaultRules faults, LatencyTable latency, TimeProvider time)
{
    /// <summary>Logs, delays and maybe spoils one call.</summary>
    /// <param name="context">The request.</param>
    /// <param name="call">What it asks for.</param>
    /// <param name="process">Answers it.</param>
    public async Task InvokeAsync(HttpContext context, ApiCall call, Func<Task> process)
    {
        long start = time.GetTimestamp();
        CallKind kind = call.Kind ?? (IsRead(context.Request.Method) ? CallKind.Read : CallKind.Write);
        CallEntry entry = log.Begin(
            time.GetUtcNow(), call.Service, call.Region, context.Request.Method, call.Path, call.Operation, kind,
            context.Request.Headers.UserAgent.ToString());
        context.Response.OnStarting(() =>
        {
            // A dropped connection starts an answer that nobody gets.
            if (!entry.Dropped) log.Answered(entry, context.Response.StatusCode, time.GetElapsedTime(start));
            return Task.CompletedTask;
        });
        try
        {
            await Wait(latency.For(call.Service), context.RequestAborted);
            FaultRules.Hit? hit = faults.Match(entry);
            if (hit is null)
            {
                await process();
                return;
            }

            entry.Fault = hit.Rule.Id;
            await Spoil(context, call, entry, hit, process);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone; there is nobody to answer.
        }
        finally
        {
            log.Answered(entry, entry.Status, time.GetElapsedTime(start));
            log.End(entry);
        }
    }

    private async Task Spoil(HttpContext context, ApiCall call, CallEntry entry, FaultRules.Hit hit, Func<Task> process)
    {
        switch (hit.Rule.Kind)
        {
            case FaultKind.DropBefore:
                entry.Dropped = true;
                context.Abort();
                break;
            case FaultKind.DropAfter:
                entry.Dropped = true;
                Stream body = context.Response.Body;
                context.Response.Body = Stream.Null;
                try
                {
                    await process();
                    entry.Status = context.Response.StatusCode;
                }
                finally
                {
                    context.Abort();
                    context.Response.Body = body;
                }

                break;
            case FaultKind.Hang:
                using (var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, hit.Removed))
                {
                    try
                    {
                        await Task.Delay(Timeout.InfiniteTimeSpan, time, either.Token);
                    }
                    catch (OperationCanceledException) when (hit.Removed.IsCancellationRequested)
                    {
                        entry.Dropped = true;
                        context.Abort();
                    }
                }

                break;
            case FaultKind.Delay:
                await Wait(hit.Rule.Delay, context.RequestAborted);
                await process();
                break;
            default:
                if (hit.Rule.RetryAfter is { } retryAfter) context.Response.Headers.RetryAfter = retryAfter;
                if (hit.Rule.Body is { } text)
                {
                    context.Response.StatusCode = hit.Rule.Status;
                    context.Response.ContentType = "application/json";
                    await context.Response.WriteAsync(text, context.RequestAborted);
                }
                else
                {
                    await call.WriteError(context, hit.Rule.Status, hit.Rule.Message);
                }

                break;
        }
    }

    private Task Wait(TimeSpan delay, CancellationToken cancellationToken)
        => delay > TimeSpan.Zero ? Task.Delay(delay, time, cancellationToken) : Task.CompletedTask;

    private static bool IsRead(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);
}
