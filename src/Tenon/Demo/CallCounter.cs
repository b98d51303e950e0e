using System.Text.Json.Nodes;
using Tenon.OpenStack;

namespace Tenon.Demo;

/// <summary>Counts a client's calls the way the sandbox counts those that it answers.</summary>
internal sealed class CallCounter
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, Counts> _services = new(StringComparer.Ordinal);

    /// <summary>Takes a call.</summary>
    public void Count(CloudCall call)
    {
        bool reads = call.Method is "GET" or "HEAD";
        bool token = !reads && call.Service == ServiceTypes.Identity;
        lock (_gate)
        {
            Counts counts = _services.GetValueOrDefault(call.Service) ?? new(0, 0, 0);
            _services[call.Service] = new(counts.Reads + (reads ? 1 : 0), counts.Writes + (reads || token ? 0 : 1), counts.Tokens + (token ? 1 : 0));
        }
    }

    /// <summary>The counts so far.</summary>
    public JsonObject Summary()
    {
        lock (_gate)
        {
            var services = new JsonObject();
            foreach ((string service, Counts counts) in _services) services[service] = counts.ToJson();
            return new JsonObject
            {
                ["openStack"] = new Counts(_services.Values.Sum(c => c.Reads), _services.Values.Sum(c => c.Writes), _services.Values.Sum(c => c.Tokens)).ToJson(),
                ["services"] = services,
            };
        }
    }

    private sealed record Counts(int Reads, int Writes, int Tokens)
    {
        public JsonObject ToJson() => new() { ["total"] = Reads + Writes + Tokens, ["reads"] = Reads, ["writes"] = Writes, ["auths"] = Tokens };
    }
}
