using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Tenon.Sandbox.Measures;

/// <summary>What a fault does to the call that it hits.</summary>
public enum FaultKind
{
    /// <summary>Answers with a status, without processing the call.</summary>
    Respond,

    /// <summary>Drops the connection before the call is processed.</summary>
    DropBefore,

    /// <summary>Processes the call, then drops the connection: the response is lost.</summary>
    DropAfter,

    /// <summary>Neither processes nor answers, until the client gives up or the rule is removed.</summary>
    Hang,

    /// <summary>Waits, then processes the call.</summary>
    Delay,
}

/// <summary>A fault to inject. What is null matches everything.</summary>
public sealed record FaultRule
{
    /// <summary>Its name; made up where not given. A rule replaces an earlier one of the same name.</summary>
    public string Id { get; init; } = "";

    /// <summary>The service: identity, compute, network, load-balancer, image, placement, kubernetes.</summary>
    public string? Service { get; init; }

    /// <summary>The OpenStack region.</summary>
    public string? Region { get; init; }

    /// <summary>The HTTP method.</summary>
    public string? Method { get; init; }

    /// <summary>A regular expression, found anywhere in the path (below the service's prefix) and query.</summary>
    public string? Path { get; init; }

    /// <summary>The operation, such as <c>network.ports.list</c>.</summary>
    public string? Operation { get; init; }

    /// <summary>How many matching calls pass before the rule hits: 2 hits from the third one on.</summary>
    public int Skip { get; init; }

    /// <summary>How many calls it hits; null for all.</summary>
    public int? Times { get; init; }

    /// <summary>What it does.</summary>
    public FaultKind Kind { get; init; } = FaultKind.Respond;

    /// <summary>The status of <see cref="FaultKind.Respond"/>.</summary>
    public int Status { get; init; } = 500;

    /// <summary>The body of <see cref="FaultKind.Respond"/>; null for one as the service itself words it.</summary>
    public string? Body { get; init; }

    /// <summary>The message in a body that the service words.</summary>
    public string? Message { get; init; }

    /// <summary>The Retry-After header of <see cref="FaultKind.Respond"/>.</summary>
    public string? RetryAfter { get; init; }

    /// <summary>How long <see cref="FaultKind.Delay"/> waits.</summary>
    public TimeSpan Delay { get; init; }
}

/// <summary>A rule and how often it matched and hit.</summary>
public sealed record FaultState(FaultRule Rule, int Matched, int Hits);

/// <summary>The faults to inject, in the order in which they were added; the first that hits wins.</summary>
public sealed class FaultRules
{
    private readonly Lock _gate = new();
    private readonly List<Active> _rules = [];
    private int _names;

    /// <summary>Adds a rule, or replaces that of the same name.</summary>
    /// <returns>The rule with its name.</returns>
    /// <exception cref="ArgumentException">The path is no regular expression.</exception>
    public FaultRule Add(FaultRule rule)
    {
        Regex? path = rule.Path is null ? null : new Regex(rule.Path, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
        lock (_gate)
        {
            if (rule.Id.Length == 0) rule = rule with { Id = $"fault-{++_names}" };
            RemoveLocked(rule.Id);
            _rules.Add(new Active(rule, path));
            return rule;
        }
    }

    /// <summary>Removes a rule; calls that hang because of it are let go.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Remove(string id)
    {
        lock (_gate) return RemoveLocked(id);
    }

    /// <summary>Removes all rules.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            foreach (Active rule in _rules) rule.Removed.Cancel();
            _rules.Clear();
        }
    }

    /// <summary>The rules and their counts.</summary>
    public ImmutableArray<FaultState> Current()
    {
        lock (_gate) return [.. _rules.Select(r => new FaultState(r.Rule, r.Matched, r.Hits))];
    }

    internal Hit? Match(CallEntry call)
    {
        lock (_gate)
        {
            foreach (Active active in _rules)
            {
                if (!active.Matches(call)) continue;
                active.Matched++;
                if (active.Matched <= active.Rule.Skip) continue;
                if (active.Rule.Times is { } times && active.Hits >= times) continue;
                active.Hits++;
                return new Hit(active.Rule, active.Removed.Token);
            }

            return null;
        }
    }

    private bool RemoveLocked(string id)
    {
        int index = _rules.FindIndex(r => r.Rule.Id == id);
        if (index < 0) return false;
        _rules[index].Removed.Cancel();
        _rules.RemoveAt(index);
        return true;
    }

    internal sealed record Hit(FaultRule Rule, CancellationToken Removed);

    private sealed class Active(FaultRule rule, Regex? path)
    {
        public FaultRule Rule => rule;

        public int Matched { get; set; }

        public int Hits { get; set; }

        /// <summary>Cancelled when the rule goes. Never disposed: it holds no timer, and hanging calls may still look at it.</summary>
        public CancellationTokenSource Removed { get; } = new();

        public bool Matches(CallEntry call)
            => (rule.Service is null || rule.Service == call.Service)
               && (rule.Region is null || rule.Region == call.Region)
               && (rule.Method is null || string.Equals(rule.Method, call.Method, StringComparison.OrdinalIgnoreCase))
               && (rule.Operation is null || rule.Operation == call.Operation)
               && (path is null || path.IsMatch(call.Path));
    }
}
