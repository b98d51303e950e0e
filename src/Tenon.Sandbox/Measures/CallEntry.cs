namespace Tenon.Sandbox.Measures;

/// <summary>What a call does, as the measures count it.</summary>
public enum CallKind
{
    /// <summary>GET, HEAD, OPTIONS.</summary>
    Read,

    /// <summary>Everything that may change something.</summary>
    Write,

    /// <summary>Asking Keystone for a token: neither a read nor a change of the world.</summary>
    Auth,
}

/// <summary>One API call that the sandbox received; entered when the call arrives, completed when it is answered.</summary>
public sealed class CallEntry
{
    /// <summary>Position in the log, from 1, in order of arrival.</summary>
    public required long Sequence { get; init; }

    /// <summary>When it arrived.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The service: identity, compute, network, load-balancer, image, placement, kubernetes.</summary>
    public required string Service { get; init; }

    /// <summary>The OpenStack region; empty for Keystone and Kubernetes.</summary>
    public required string Region { get; init; }

    /// <summary>The HTTP method.</summary>
    public required string Method { get; init; }

    /// <summary>The path below the service's own prefix, with the query.</summary>
    public required string Path { get; init; }

    /// <summary>What was asked for, such as <c>network.ports.list</c>; <c>SERVICE.unknown</c> where no route matches.</summary>
    public required string Operation { get; init; }

    /// <summary>Read, write or authentication.</summary>
    public required CallKind Kind { get; init; }

    /// <summary>What the client calls itself.</summary>
    public required string UserAgent { get; init; }

    /// <summary>The status answered; 0 while the call runs and where it was dropped unprocessed. A lost response has the status that was lost.</summary>
    public int Status { get; internal set; }

    /// <summary>How long it took; null while the call runs.</summary>
    public TimeSpan? Duration { get; internal set; }

    /// <summary>The fault rule that hit the call, if any.</summary>
    public string? Fault { get; internal set; }

    internal bool Dropped { get; set; }

    /// <summary>The most calls that were under way in the same service while this one arrived, itself included.</summary>
    public int Concurrency { get; internal set; }
}
