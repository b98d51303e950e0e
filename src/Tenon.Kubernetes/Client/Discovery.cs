using Tenon.Kubernetes.Objects;

namespace Tenon.Kubernetes.Client;

/// <summary>A type that the API server serves.</summary>
/// <param name="Type">Its address.</param>
/// <param name="Verbs">What can be done with it.</param>
/// <param name="Subresources">Its parts, such as <c>status</c>.</param>
/// <param name="ShortNames">What kubectl also calls it.</param>
public sealed record ApiResource(
    ResourceType Type, EquatableArray<string> Verbs, EquatableArray<string> Subresources, EquatableArray<string> ShortNames);

/// <summary>Something that one may want to do.</summary>
/// <param name="Verb">Such as <c>list</c>.</param>
/// <param name="Group">The API group; empty for core.</param>
/// <param name="Resource">The plural.</param>
/// <param name="Subresource">Such as <c>status</c>.</param>
/// <param name="Namespace">Where; <see langword="null"/> means everywhere.</param>
/// <param name="Name">On which object; <see langword="null"/> means any.</param>
public sealed record AccessRequest(
    string Verb, string Group, string Resource, string? Subresource = null, string? Namespace = null, string? Name = null)
{
    /// <summary>A path such as <c>/metrics</c>, instead of a resource.</summary>
    public string? Path { get; private init; }

    /// <summary>Asks for a path.</summary>
    public static AccessRequest ToPath(string verb, string path) => new(verb, "", "") { Path = path };
}

/// <summary>The answer to an <see cref="AccessRequest"/>.</summary>
/// <param name="Allowed">Whether it is allowed.</param>
/// <param name="Reason">Why, where the server tells.</param>
public sealed record AccessReview(bool Allowed, string? Reason);
