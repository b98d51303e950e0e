using System.Net;
using Tenon.Kubernetes.Objects;

namespace Tenon.Kubernetes.Client;

/// <summary>What kind of failure the API server (or the way to it) reported; callers branch on this, never on a message.</summary>
public enum KubernetesFailure
{
    /// <summary>None of the others.</summary>
    Other,

    /// <summary>The server could not be reached, or the connection broke: the outcome of a write is unknown.</summary>
    Unreachable,

    /// <summary>The request took longer than allowed.</summary>
    Timeout,

    /// <summary>400: the request is malformed.</summary>
    BadRequest,

    /// <summary>401: the credentials are missing, wrong or expired.</summary>
    Unauthorized,

    /// <summary>403: not allowed (RBAC, admission, or quota).</summary>
    Forbidden,

    /// <summary>404: no such object or no such type.</summary>
    NotFound,

    /// <summary>409 with reason AlreadyExists.</summary>
    AlreadyExists,

    /// <summary>409: the object has changed since it was read, or a field is owned by another manager.</summary>
    Conflict,

    /// <summary>410, or reason Expired: the resource version or continue token is too old.</summary>
    Expired,

    /// <summary>422: a field's value is refused.</summary>
    Invalid,

    /// <summary>429: too many requests.</summary>
    TooManyRequests,

    /// <summary>500, 502, 503 or 504: the server has trouble.</summary>
    Unavailable,
}

/// <summary>A request to the Kubernetes API failed. The message names the request and the server's reason, and no credential.</summary>
public sealed class KubernetesException : Exception
{
    /// <summary>A failure that the server reported.</summary>
    public KubernetesException(string request, HttpStatusCode statusCode, Status? status, TimeSpan? retryAfter = null)
        : base($"{request}: {(int)statusCode} {status?.Message ?? status?.Reason ?? statusCode.ToString()}")
    {
        StatusCode = statusCode;
        Status = status;
        RetryAfter = retryAfter ?? (status?.Details?.RetryAfterSeconds is > 0 and var s ? TimeSpan.FromSeconds(s) : null);
        Failure = Classify(statusCode, status?.Reason);
    }

    /// <summary>A failure on the way to the server.</summary>
    public KubernetesException(string request, KubernetesFailure failure, string message, Exception? inner = null)
        : base($"{request}: {message}", inner) => Failure = failure;

    /// <summary>The kind of failure.</summary>
    public KubernetesFailure Failure { get; }

    /// <summary>The HTTP status code, where the server answered.</summary>
    public HttpStatusCode? StatusCode { get; }

    /// <summary>The server's answer, where it was a <c>Status</c> object.</summary>
    public Status? Status { get; }

    /// <summary>The server's reason, such as <c>AlreadyExists</c>.</summary>
    public string? Reason => Status?.Reason;

    /// <summary>The single faults, one a field.</summary>
    public IReadOnlyList<StatusCause> Causes => Status?.Details?.Causes ?? [];

    /// <summary>When the server wants to be asked again.</summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>Maps a status code and the server's reason to a kind of failure.</summary>
    public static KubernetesFailure Classify(HttpStatusCode statusCode, string? reason) => (int)statusCode switch
    {
        400 => KubernetesFailure.BadRequest,
        401 => KubernetesFailure.Unauthorized,
        403 => KubernetesFailure.Forbidden,
        404 => KubernetesFailure.NotFound,
        408 => KubernetesFailure.Timeout,
        409 when reason == "AlreadyExists" => KubernetesFailure.AlreadyExists,
        409 => KubernetesFailure.Conflict,
        410 => KubernetesFailure.Expired,
        422 => KubernetesFailure.Invalid,
        429 => KubernetesFailure.TooManyRequests,
        504 when reason == "Timeout" => KubernetesFailure.Timeout,
        500 or 502 or 503 or 504 => KubernetesFailure.Unavailable,
        _ => KubernetesFailure.Other,
    };
}
