using System.Net;

namespace Tenon.OpenStack;

/// <summary>What a failed call means to the caller, whichever service said it and however it worded it.</summary>
public enum OpenStackErrorKind
{
    /// <summary>The service failed in a way that no other kind describes (500, or an unreadable answer).</summary>
    Internal,

    /// <summary>
    /// The resource, or one that the request refers to, does not exist: a 404 in the service's own words. A 404 that a proxy
    /// wrote is <see cref="Unavailable"/>, one for a path that the service does not have is <see cref="NotImplemented"/>.
    /// </summary>
    NotFound,

    /// <summary>Another resource or a newer revision stands against the request; repeating it unchanged will not help (409, 412).</summary>
    Conflict,

    /// <summary>The resource is being changed, or is still in use by a change in flight; repeating it later will help (409 of Octavia's immutable objects, Nova's locked states).</summary>
    Busy,

    /// <summary>A quota or a pool of addresses is exhausted (403, 409, 413 as the service has it).</summary>
    Quota,

    /// <summary>The credentials are good but not allowed to do this (403).</summary>
    Forbidden,

    /// <summary>The credentials are wrong, expired or revoked (401).</summary>
    Unauthorized,

    /// <summary>The request is wrong in itself (400, 405, 406, 414, 422).</summary>
    BadRequest,

    /// <summary>The service, its version or its provider driver cannot do this (501, or 404 for an unknown path).</summary>
    NotImplemented,

    /// <summary>Too many requests (429, or Nova's old 413 with Retry-After).</summary>
    RateLimited,

    /// <summary>The service cannot be reached or cannot answer now (502, 503, connection refused, reset, or something else answers in its place).</summary>
    Unavailable,

    /// <summary>No answer came in time (504, or our own timeout). A write may have been carried out.</summary>
    Timeout,

    /// <summary>The server's certificate was refused, or it refused ours.</summary>
    Tls,

    /// <summary>The catalog has no endpoint for the service in the region and interface that are asked for.</summary>
    NoEndpoint,
}

/// <summary>
/// A call to OpenStack that failed. Carries what the service said; never a token, a password or a request body.
/// </summary>
public sealed class OpenStackException : Exception
{
    /// <summary>A failure.</summary>
    /// <param name="kind">What it means.</param>
    /// <param name="service">The service's type as in the catalog: <c>identity</c>, <c>compute</c>, <c>network</c>, <c>load-balancer</c>…</param>
    /// <param name="operation">What was being done, such as <c>network.ports.create</c>.</param>
    /// <param name="status">The HTTP status, or <see langword="null"/> when no answer came.</param>
    /// <param name="code">The service's own word for the error (Neutron's <c>type</c>, Octavia's <c>faultcode</c>, Nova's outer key), when it gives one.</param>
    /// <param name="serviceMessage">What the service said, or what happened on the way to it.</param>
    /// <param name="requestId">The service's request ID, to be looked up in its log.</param>
    /// <param name="innerException">The transport's failure, when that is the cause.</param>
    public OpenStackException(
        OpenStackErrorKind kind,
        string service,
        string operation,
        HttpStatusCode? status,
        string? code,
        string serviceMessage,
        string? requestId = null,
        Exception? innerException = null)
        : base(Describe(service, operation, status, code, serviceMessage, requestId), innerException)
    {
        Kind = kind;
        Service = service;
        Operation = operation;
        Status = status;
        Code = code;
        ServiceMessage = serviceMessage;
        RequestId = requestId;
    }

    /// <summary>What the failure means.</summary>
    public OpenStackErrorKind Kind { get; }

    /// <summary>The service's type as in the catalog.</summary>
    public string Service { get; }

    /// <summary>What was being done, such as <c>network.ports.create</c>.</summary>
    public string Operation { get; }

    /// <summary>The HTTP status, or <see langword="null"/> when no answer came.</summary>
    public HttpStatusCode? Status { get; }

    /// <summary>The service's own word for the error, when it gives one.</summary>
    public string? Code { get; }

    /// <summary>What the service said, without the context that <see cref="Exception.Message"/> adds.</summary>
    public string ServiceMessage { get; }

    /// <summary>The service's request ID.</summary>
    public string? RequestId { get; }

    /// <summary>How long the service asks us to wait, when it said so.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether the same request may succeed later without anybody changing anything.</summary>
    public bool IsTransient => Kind is OpenStackErrorKind.Busy or OpenStackErrorKind.RateLimited or OpenStackErrorKind.Unavailable
        or OpenStackErrorKind.Timeout or OpenStackErrorKind.Internal;

    private static string Describe(string service, string operation, HttpStatusCode? status, string? code, string message, string? requestId)
    {
        string what = status is { } s ? $"{(int)s}" : "no answer";
        string codePart = string.IsNullOrEmpty(code) ? "" : $" {code}";
        string idPart = string.IsNullOrEmpty(requestId) ? "" : $" ({requestId})";
        return $"{service}: {operation}: {what}{codePart}: {message}{idPart}";
    }
}

/// <summary>A write was asked of a client that was made read-only; nothing was sent.</summary>
/// <param name="operation">What was refused.</param>
public sealed class ReadOnlyCloudException(string operation)
    : InvalidOperationException($"{operation}: refused, this client only reads.");
