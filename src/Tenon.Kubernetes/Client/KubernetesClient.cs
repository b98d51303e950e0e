using Microsoft.Extensions.Logging;
using Tenon.Kubernetes.Objects;

namespace Tenon.Kubernetes.Client;

/// <summary>
/// A client of the Kubernetes API. One instance serves a whole process, from any thread. Every failure is a
/// <see cref="KubernetesException"/>; cancellation is an <see cref="OperationCanceledException"/>. Reads are repeated where the server or the
/// connection fails; writes only where the server said that it did nothing (429, or 503 with Retry-After).
/// </summary>
public sealed class KubernetesClient : IDisposable
{
    /// <summary>Stores what is given; nothing is sent before the first call.</summary>
    public KubernetesClient(
        KubernetesConfiguration configuration, KubernetesClientOptions? options = null, TimeProvider? time = null, ILoggerFactory? loggers = null)
        => Configuration = configuration;

    /// <summary>What the client was made from.</summary>
    public KubernetesConfiguration Configuration { get; }

    /// <summary>When the server last answered anything; for health checks.</summary>
    public DateTimeOffset? LastContact => throw new NotImplementedException();

    /// <summary>One object, or <see langword="null"/> when there is none of this name.</summary>
    public Task<T?> GetAsync<T>(NamespacedName key, CancellationToken cancellationToken)
        where T : class, IKubernetesObject => throw new NotImplementedException();

    /// <summary>
    /// All objects, page by page. When the server has forgotten the list between two pages (410), the list begins anew and what was
    /// already returned is not returned twice.
    /// </summary>
    public IAsyncEnumerable<T> ListAsync<T>(ListOptions? options, CancellationToken cancellationToken)
        where T : class, IKubernetesObject => throw new NotImplementedException();

    /// <summary>One page of a list; <paramref name="continueToken"/> is that of the page before.</summary>
    /// <exception cref="KubernetesException">With <see cref="KubernetesFailure.Expired"/> when the token is too old: begin anew.</exception>
    public Task<KubernetesList<T>> ListPageAsync<T>(ListOptions options, string? continueToken, CancellationToken cancellationToken)
        where T : class, IKubernetesObject => throw new NotImplementedException();

    /// <summary>Creates an object, named or with <c>generateName</c>, and returns it as stored.</summary>
    public Task<T> CreateAsync<T>(T item, CancellationToken cancellationToken, WriteOptions? options = null)
        where T : class, IKubernetesObject => throw new NotImplementedException();

    /// <summary>Replaces an object. With a resource version set it fails with a conflict when the object has changed since.</summary>
    public Task<T> UpdateAsync<T>(T item, CancellationToken cancellationToken, WriteOptions? options = null)
        where T : class, IReplaceable => throw new NotImplementedException();

    /// <summary>Changes an object (or with <see cref="WriteOptions.Subresource"/> its status or another part) by a patch.</summary>
    public Task<T> PatchAsync<T>(NamespacedName key, Patch patch, CancellationToken cancellationToken, WriteOptions? options = null)
        where T : class, IKubernetesObject => throw new NotImplementedException();

    /// <summary>Server-side apply: creates the object or changes the fields that it sets, in the name of the field manager.</summary>
    public Task<T> ApplyAsync<T>(
        T desired, string fieldManager, CancellationToken cancellationToken, bool force = true, WriteOptions? options = null)
        where T : class, IKubernetesObject => throw new NotImplementedException();

    /// <summary>Deletes an object; returns whether there was one.</summary>
    public Task<bool> DeleteAsync<T>(NamespacedName key, CancellationToken cancellationToken, DeleteOptions? options = null)
        where T : class, IKubernetesObject => throw new NotImplementedException();

    /// <summary>
    /// Changes as they happen. The sequence ends when the server ends the watch, and throws when the connection breaks or the version is too
    /// old (<see cref="KubernetesFailure.Expired"/>). Most callers want an informer instead.
    /// </summary>
    public IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(WatchOptions? options, CancellationToken cancellationToken)
        where T : class, IKubernetesObject => throw new NotImplementedException();

    /// <summary>Any path by GET, as text: <c>/version</c>, <c>/openapi/v2</c>.</summary>
    public Task<string> GetRawAsync(string path, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>The types that a group version serves (empty group: core); empty when the server lacks it.</summary>
    public Task<IReadOnlyList<ApiResource>> GetApiResourcesAsync(string group, string version, CancellationToken cancellationToken)
        => throw new NotImplementedException();

    /// <summary>The server's version, such as <c>v1.32.0</c>.</summary>
    public Task<string> GetServerVersionAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Whether we may do something (SelfSubjectAccessReview).</summary>
    public Task<AccessReview> CanIAsync(AccessRequest request, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}

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
    string Verb, string Group, string Resource, string? Subresource = null, string? Namespace = null, string? Name = null);

/// <summary>The answer to an <see cref="AccessRequest"/>.</summary>
/// <param name="Allowed">Whether it is allowed.</param>
/// <param name="Reason">Why, where the server tells.</param>
public sealed record AccessReview(bool Allowed, string? Reason);
