namespace Tenon.Kubernetes.Objects;

/// <summary>The answer of the API server to a request that failed (or that returns nothing else).</summary>
public sealed record Status
{
    /// <summary><c>Success</c> or <c>Failure</c>.</summary>
    [System.Text.Json.Serialization.JsonPropertyName("status")]
    public string? Outcome { get; init; }

    /// <summary>A sentence for people.</summary>
    public string? Message { get; init; }

    /// <summary>A CamelCase word for programs, such as <c>AlreadyExists</c>.</summary>
    public string? Reason { get; init; }

    /// <summary>The HTTP status code.</summary>
    public int Code { get; init; }

    /// <summary>What the failure is about.</summary>
    public StatusDetails? Details { get; init; }
}

/// <summary>What a failure is about.</summary>
public sealed record StatusDetails
{
    /// <summary>The object's name.</summary>
    public string? Name { get; init; }

    /// <summary>The object's group.</summary>
    public string? Group { get; init; }

    /// <summary>The object's kind (in fact mostly the plural).</summary>
    public string? Kind { get; init; }

    /// <summary>The object's UID.</summary>
    public string? Uid { get; init; }

    /// <summary>The single faults, one a field.</summary>
    public IReadOnlyList<StatusCause> Causes { get => field ?? []; init; }

    /// <summary>When to try again, in seconds; 0 when nothing is said.</summary>
    public int RetryAfterSeconds { get; init; }
}

/// <summary>One fault of a request.</summary>
public sealed record StatusCause
{
    /// <summary>A CamelCase word, such as <c>FieldValueInvalid</c>.</summary>
    public string? Reason { get; init; }

    /// <summary>A sentence for people.</summary>
    public string? Message { get; init; }

    /// <summary>The field's path.</summary>
    public string? Field { get; init; }
}
