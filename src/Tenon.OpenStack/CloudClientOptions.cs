namespace Tenon.OpenStack;

/// <summary>How a cloud client behaves.</summary>
public sealed record CloudClientOptions
{
    /// <summary>The clock for timeouts, waits and token expiry.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>How long one attempt of a call may take, from connecting to the last byte.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a TCP connection and its TLS handshake may take.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The <c>User-Agent</c> sent to every service.</summary>
    public string UserAgent { get; init; } = "tenon";

    /// <summary>When and how often calls are repeated.</summary>
    public RetryOptions Retry { get; init; } = new();

    /// <summary>How many items a page of a list holds; services may give fewer.</summary>
    public int PageSize { get; init; } = 1000;

    /// <summary>The most connections kept to one service.</summary>
    public int MaxConnectionsPerServer { get; init; } = 32;

    /// <summary>The share of a token's life after which it is renewed in time for nobody to notice; in (0, 1).</summary>
    public double RenewTokenAfter { get; init; } = 0.8;

    /// <summary>
    /// Refuse everything that could change the cloud: only GET and HEAD, and the POST that gets a token, are ever sent;
    /// anything else throws <see cref="ReadOnlyCloudException"/> before it reaches the network.
    /// </summary>
    public bool ReadOnly { get; init; }

    /// <summary>Called after every attempt, also failed ones. Must be quick and must not throw.</summary>
    public Action<CloudCall>? Observer { get; init; }
}

/// <summary>When and how often calls are repeated. Only what is safe to repeat ever is.</summary>
public sealed record RetryOptions
{
    /// <summary>How often a call is tried at most; 1 means never repeated.</summary>
    public int MaxAttempts { get; init; } = 4;

    /// <summary>The first wait; doubled each time, with jitter.</summary>
    public TimeSpan BaseDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest wait. A service that asks for longer (Retry-After) ends the call instead, with the wish in the exception.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>One attempt of a call, as an observer sees it.</summary>
/// <param name="Service">The service's type: <c>identity</c>, <c>compute</c>, <c>network</c>, <c>load-balancer</c>, <c>key-manager</c>.</param>
/// <param name="Operation">Such as <c>network.ports.list</c>.</param>
/// <param name="Method">The HTTP method.</param>
/// <param name="Status">The HTTP status, or <see langword="null"/> when no answer came.</param>
/// <param name="Duration">From sending to the last byte.</param>
/// <param name="Attempt">1 for the first.</param>
/// <param name="RequestId">The service's request ID, if it gave one.</param>
public sealed record CloudCall(
    string Service, string Operation, string Method, int? Status, TimeSpan Duration, int Attempt, string? RequestId);
