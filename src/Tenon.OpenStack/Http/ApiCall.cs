using System.Net;

namespace Tenon.OpenStack.Http;

/// <summary>One call as a service client describes it: relative to the service's root, without token or host.</summary>
internal sealed record ApiCall
{
    /// <summary>The name in metrics, logs and exceptions, such as <c>network.ports.list</c>.</summary>
    public required string Operation { get; init; }

    public required HttpMethod Method { get; init; }

    /// <summary>Below the service's root, without a leading slash; segments escaped.</summary>
    public required string Path { get; init; }

    public Query Query { get; init; } = Query.Empty;

    /// <summary>A JSON document.</summary>
    public ReadOnlyMemory<byte>? Body { get; init; }

    /// <summary>The revision that the resource must still be at.</summary>
    public int? Revision { get; init; }

    /// <summary>Whether the URL is the service's unversioned root instead (version discovery).</summary>
    public bool AtRoot { get; init; }

    /// <summary>Whether asking twice gives the same world as asking once. <see langword="null"/>: as HTTP says of the method.</summary>
    public bool? Repeatable { get; init; }

    /// <summary>The microversion for services that have them.</summary>
    public ApiVersion? Microversion { get; init; }

    /// <summary>
    /// Whether the call may be sent again when nobody knows if it was carried out. A conditional write may not: its own
    /// success would look like somebody else's change.
    /// </summary>
    public bool IsRepeatable => Repeatable ?? (IsRead || (Revision is null && (Method == HttpMethod.Put || Method == HttpMethod.Delete)));

    /// <summary>Whether the call cannot change anything.</summary>
    public bool IsRead => Method == HttpMethod.Get || Method == HttpMethod.Head;
}

/// <summary>What came back from one attempt that got an answer.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">The start of the body, when the status is a failure.</param>
/// <param name="RequestId">The service's request ID.</param>
/// <param name="RetryAfter">The wait that the service asks for.</param>
/// <param name="Location">Where a redirect leads.</param>
internal sealed record FailedAnswer(HttpStatusCode Status, string Body, string? RequestId, TimeSpan? RetryAfter, Uri? Location);
