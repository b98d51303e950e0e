namespace Tenon.Kubernetes.Client;

/// <summary>The answer of discovery: what a group version serves.</summary>
internal sealed record ApiResourceList
{
    public IReadOnlyList<ApiResourceEntry> Resources { get => field ?? []; init; }
}

internal sealed record ApiResourceEntry
{
    public string Name { get => field ?? ""; init; }

    public string Kind { get => field ?? ""; init; }

    public bool Namespaced { get; init; }

    public IReadOnlyList<string> Verbs { get => field ?? []; init; }

    public IReadOnlyList<string> ShortNames { get => field ?? []; init; }
}

internal sealed record VersionInfo
{
    public string GitVersion { get => field ?? ""; init; }
}

internal sealed record DeleteBody
{
    public string Kind => "DeleteOptions";

    public string ApiVersion => "v1";

    public string? PropagationPolicy { get; init; }

    public int? GracePeriodSeconds { get; init; }

    public Preconditions? Preconditions { get; init; }

    public IReadOnlyList<string> DryRun { get => field ?? []; init; }
}

internal sealed record Preconditions
{
    public string? Uid { get; init; }

    public string? ResourceVersion { get; init; }
}

internal sealed record SelfSubjectAccessReview
{
    public string Kind => "SelfSubjectAccessReview";

    public string ApiVersion => "authorization.k8s.io/v1";

    public AccessReviewSpec? Spec { get; init; }

    public AccessReviewStatus? Status { get; init; }
}

internal sealed record AccessReviewSpec
{
    public ResourceAttributes? ResourceAttributes { get; init; }

    public NonResourceAttributes? NonResourceAttributes { get; init; }
}

internal sealed record NonResourceAttributes
{
    public string Verb { get => field ?? ""; init; }

    public string Path { get => field ?? ""; init; }
}

internal sealed record ResourceAttributes
{
    public string? Verb { get; init; }

    public string? Group { get; init; }

    public string? Version { get; init; }

    public string? Resource { get; init; }

    public string? Subresource { get; init; }

    public string? Namespace { get; init; }

    public string? Name { get; init; }
}

internal sealed record AccessReviewStatus
{
    public bool Allowed { get; init; }

    public bool Denied { get; init; }

    public string? Reason { get; init; }

    public string? EvaluationError { get; init; }
}
