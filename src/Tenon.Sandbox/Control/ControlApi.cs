using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Tenon.Sandbox.Measures;
using Tenon.Sandbox.OpenStack;

namespace Tenon.Sandbox.Control;

/// <summary>
/// The control endpoint, <c>/_sandbox/…</c>: the call log, faults, latency, delays, the clock, and the files that clients need. Its calls are not
/// logged.
/// </summary>
internal sealed class ControlApi
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower), new SecondsConverter() },
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    private readonly Dictionary<(string Method, string Path), Func<HttpContext, Task>> _routes = [];

    public ControlApi(SandboxOptions options, CallLog log, FaultRules faults, LatencyTable latency, OpenStackCloud cloud)
    {
        Map("GET", "calls", context => Write(context, Filter(log.Entries(), context.Request.Query)));
        Map("DELETE", "calls", context => Done(context, log.Clear));
        Map("GET", "calls/summary", context => Write(context, log.Summary()));
        Map("GET", "faults", context => Write(context, faults.Current()));
        Map("DELETE", "faults", context => Done(context, () =>
        {
            string? id = context.Request.Query["id"];
            if (id is null) faults.Clear();
            else faults.Remove(id);
        }));
        Map("POST", "faults", async context =>
        {
            JsonNode? body = await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
            FaultRule[] rules = body is JsonArray ? body.Deserialize<FaultRule[]>(Json)! : [body.Deserialize<FaultRule>(Json) ?? throw new JsonException("A fault is an object.")];
            await Write(context, rules.Select(faults.Add).ToArray());
        });
        Map("GET", "latency", context => Write(context, latency.Current));
        Map("PUT", "latency", async context =>
        {
            foreach ((string service, TimeSpan value) in await Read<Dictionary<string, TimeSpan>>(context)) latency.Set(service, value);
            await Write(context, latency.Current);
        });
        Map("GET", "delays", context => Write(context, cloud.Delays));
        Map("PUT", "delays", async context =>
        {
            cloud.Delays = await Read<SandboxDelays>(context);
            await Write(context, cloud.Delays);
        });
        Map("POST", "load-balancers/fail-next", async context =>
        {
            FailNext request = await Read<FailNext>(context);
            cloud.FailNextLoadBalancers(request.Times, request.Region);
            await Write(context, request);
        });
        Map("POST", "load-balancers/fail", async context =>
        {
            FailOne request = await Read<FailOne>(context);
            if (cloud.FailLoadBalancer(request.Id)) await Write(context, request);
            else await Fail(context, 404, $"There is no load balancer {request.Id}.");
        });
        Map("POST", "settle", context => Done(context, cloud.Settle));
        Map("GET", "clock", context => Write(context, new { now = options.TimeProvider.GetUtcNow() }));
        Map("POST", "clock", async context =>
        {
            if (options.AdvanceClock is not { } advance)
            {
                await Fail(context, 409, "This sandbox runs on the system's clock, which cannot be advanced.");
                return;
            }

            advance((await Read<ClockChange>(context)).Advance);
            await Write(context, new { now = options.TimeProvider.GetUtcNow() });
        });
    }

    /// <summary>Adds a route.</summary>
    /// <param name="method">The HTTP method.</param>
    /// <param name="path">The path below <c>/_sandbox/</c>.</param>
    /// <param name="handler">Answers it.</param>
    public void Map(string method, string path, Func<HttpContext, Task> handler) => _routes.Add((method, path), handler);

    /// <summary>Answers a request below <c>/_sandbox/</c>.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        string path = (context.Request.Path.Value ?? "").Trim('/');
        path = path.Length <= "_sandbox".Length ? "" : path["_sandbox/".Length..];
        if (path.Length == 0 && context.Request.Method == "GET")
        {
            await Write(context, _routes.Keys.Select(k => $"{k.Method} /_sandbox/{k.Path}").Order(StringComparer.Ordinal).ToArray());
            return;
        }

        if (!_routes.TryGetValue((context.Request.Method, path), out Func<HttpContext, Task>? handler))
        {
            await Fail(context, 404, $"There is no {context.Request.Method} /_sandbox/{path}; GET /_sandbox lists what there is.");
            return;
        }

        try
        {
            await handler(context);
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            await Fail(context, 400, e.Message);
        }
    }

    /// <summary>Writes a value as JSON.</summary>
    public static Task Write<T>(HttpContext context, T value) => context.Response.WriteAsJsonAsync(value, Json, context.RequestAborted);

    /// <summary>Reads a body.</summary>
    /// <exception cref="JsonException">It is not of this shape.</exception>
    public static async Task<T> Read<T>(HttpContext context)
        => await JsonSerializer.DeserializeAsync<T>(context.Request.Body, Json, context.RequestAborted) ?? throw new JsonException("The body is empty.");

    /// <summary>Answers with an error.</summary>
    public static Task Fail(HttpContext context, int status, string message)
    {
        context.Response.StatusCode = status;
        return Write(context, new { error = message });
    }

    private static Task Done(HttpContext context, Action action)
    {
        action();
        context.Response.StatusCode = 204;
        return Task.CompletedTask;
    }

    private static IEnumerable<CallEntry> Filter(IEnumerable<CallEntry> entries, IQueryCollection query)
    {
        string? service = query["service"], operation = query["operation"], method = query["method"], kind = query["kind"];
        long since = long.TryParse(query["since"], out long number) ? number : 0;
        return entries.Where(e => e.Sequence > since
                                  && (service is null || e.Service == service)
                                  && (operation is null || e.Operation == operation)
                                  && (method is null || e.Method == method)
                                  && (kind is null || string.Equals(e.Kind.ToString(), kind, StringComparison.OrdinalIgnoreCase)));
    }

    private sealed record FailNext(int Times = 1, string? Region = null);

    private sealed record FailOne(string Id);

    private sealed record ClockChange
    {
        public required TimeSpan Advance { get; init; }
    }

    /// <summary>Durations are numbers of seconds on the wire.</summary>
    private sealed class SecondsConverter : JsonConverter<TimeSpan>
    {
        public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => TimeSpan.FromSeconds(reader.GetDouble());

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) => writer.WriteNumberValue(value.TotalSeconds);
    }
}
