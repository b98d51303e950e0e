using System.Net;

namespace Tenon.OpenStack.Http;

/// <summary>When a failed call may be sent again.</summary>
internal enum Repeat
{
    /// <summary>Not at all.</summary>
    Never,

    /// <summary>Only when it is a read.</summary>
    IfRead,

    /// <summary>Only when doing it twice is the same as doing it once: nobody knows whether it was done.</summary>
    IfHarmless,

    /// <summary>In any case: it was certainly not done.</summary>
    Always,
}

/// <summary>A failed attempt and when it may be repeated.</summary>
internal sealed record Failure(OpenStackException Error, Repeat Repeat)
{
    /// <summary>The rule by what the service answered.</summary>
    public static Repeat RepeatAfter(HttpStatusCode status, OpenStackErrorKind kind, TimeSpan? retryAfter) => (status, kind) switch
    {
        (_, OpenStackErrorKind.RateLimited) => Repeat.Always,
        (HttpStatusCode.ServiceUnavailable, OpenStackErrorKind.Unavailable or OpenStackErrorKind.Busy)
            => retryAfter is null ? Repeat.IfRead : Repeat.IfHarmless,
        (HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout, _) => Repeat.IfRead,
        _ => Repeat.Never,
    };

    /// <summary>How long to wait before the next attempt, or <see langword="null"/> when there is none.</summary>
    public TimeSpan? WaitBefore(ApiCall call, int attempt, RetryOptions policy)
    {
        bool allowed = Repeat switch
        {
            Repeat.Always => true,
            Repeat.IfHarmless => call.IsRepeatable,
            Repeat.IfRead => call.IsRead,
            _ => false,
        };
        if (!allowed || attempt >= policy.MaxAttempts) return null;
        if (Error.RetryAfter is { } wish) return wish <= policy.MaxDelay ? wish + (policy.BaseDelay * Random.Shared.NextDouble() * 0.1) : null;
        TimeSpan delay = policy.BaseDelay * Math.Pow(2, attempt - 1);
        if (delay > policy.MaxDelay) delay = policy.MaxDelay;
        return delay * (0.5 + (Random.Shared.NextDouble() * 0.5));
    }
}
