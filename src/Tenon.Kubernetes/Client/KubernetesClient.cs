using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tenon.Kubernetes.Objects;

namespace Tenon.Kubernetes.Client;

/// <summary>
/// A client of the Kubernetes API. One instance serves a whole process, from any thread. Every failure is a
/// <see cref="KubernetesException"/>; cancellation is an <see cref="OperationCanceledException"/>. Reads are repeated where the server or the
/// connection fails; writes only where nothing was done (429, 503 with Retry-After, or no connection at all).
/// </summary>
public sealed class KubernetesClient : IDisposable
{
    private readonly KubernetesClientOptions _options;
    private readonly TimeProvider _time;
    private readonly Transport _transport;

    /// <summary>Stores what is given; nothing is sent before the first call.</summary>
    public KubernetesClient(
        KubernetesConfiguration configuration, KubernetesClientOptions? options = null, TimeProvider? time = null, ILoggerFactory? loggers = null)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        Configuration = configuration;
        _options = options ?? new();
        _time = time ?? TimeProvider.System;
        _transport = new Transport(configuration, _options, _time, (loggers ?? NullLoggerFactory.Instance).CreateLogger<KubernetesClient>());
    }

    /// <summary>What the client was made from.</summary>
    public KubernetesConfiguration Configuration { get; }

    /// <summary>When the server last answered anything; for health checks.</summary>
    public DateTimeOffset? LastContact => _transport.LastContact;

    /// <summary>One object, or <see langword="null"/> when there is none of this name. A type that the server lacks is a failure.</summary>
    public async Task<T?> GetAsync<T>(NamespacedName key, CancellationToken cancellationToken)
        where T : class, IKubernetesObject
    {
        try
        {
            return await _transport.SendAsync(
                new ApiRequest("get", HttpMethod.Get, ApiPath.Of(T.Resource, key), T.Resource.Plural), ReadAsync<T>, cancellationToken);
        }
        catch (KubernetesException e) when (IsMissingObject(e))
        {
            return null;
        }
    }

    /// <summary>
    /// All objects, page by page. When the server has forgotten the list between two pages (410), the list begins anew and what was
    /// already returned is not returned twice.
    /// </summary>
    public async IAsyncEnumerable<T> ListAsync<T>(ListOptions? options, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class, IKubernetesObject
    {
        options ??= new();
        HashSet<NamespacedName>? seen = null;
        var returned = new List<NamespacedName>();
        string? next = null;
        for (int restarts = 0; ;)
        {
            KubernetesList<T> page;
            try
            {
                // A server that forgets faster than we read gets one request for everything.
                page = await ListPageAsync<T>(restarts > 1 ? options with { PageSize = 0 } : options, next, cancellationToken);
            }
            catch (KubernetesException e) when (e.Failure == KubernetesFailure.Expired && next is not null)
            {
                restarts++;
                next = null;
                seen = [.. returned];
                continue;
            }

            foreach (T item in page.Items)
            {
                if (seen?.Contains(item.Metadata.Key) == true) continue;
                returned.Add(item.Metadata.Key);
                yield return item;
            }

            next = page.Metadata.Continue;
            if (string.IsNullOrEmpty(next)) yield break;
        }
    }

    /// <summary>One page of a list; <paramref name="continueToken"/> is that of the page before.</summary>
    /// <exception cref="KubernetesException">With <see cref="KubernetesFailure.Expired"/> when the token is too old: begin anew.</exception>
    public Task<KubernetesList<T>> ListPageAsync<T>(ListOptions options, string? continueToken, CancellationToken cancellationToken)
        where T : class, IKubernetesObject
    {
        ArgumentNullException.ThrowIfNull(options);
        string path = ApiPath.Query(
            ApiPath.Of(T.Resource, options.Namespace),
            ("labelSelector", options.LabelSelector),
            ("fieldSelector", options.FieldSelector),
            ("limit", options.PageSize > 0 ? options.PageSize.ToString() : null),
            ("continue", continueToken),
            ("resourceVersion", string.IsNullOrEmpty(continueToken) ? options.ResourceVersion : null));
        return _transport.SendAsync(new ApiRequest("list", HttpMethod.Get, path, T.Resource.Plural), ReadAsync<KubernetesList<T>>, cancellationToken);
    }

    /// <summary>Creates an object, named or with <c>generateName</c>, and returns it as stored.</summary>
    public Task<T> CreateAsync<T>(T item, CancellationToken cancellationToken, WriteOptions? options = null)
        where T : class, IKubernetesObject
    {
        ArgumentNullException.ThrowIfNull(item);
        string space = item.Metadata.Namespace;
        if (T.Resource.Namespaced != space.Length > 0)
            throw new ArgumentException($"{T.Resource} need {(T.Resource.Namespaced ? "a" : "no")} namespace.", nameof(item));
        string path = options?.Subresource is { } part ? ApiPath.Of(T.Resource, item.Metadata.Key, part) : ApiPath.Of(T.Resource, space);
        return WriteAsync<T>("create", HttpMethod.Post, path, KubernetesJson.Serialize(item), "application/json", options, cancellationToken);
    }

    /// <summary>Replaces an object. With a resource version set it fails with a conflict when the object has changed since.</summary>
    public Task<T> UpdateAsync<T>(T item, CancellationToken cancellationToken, WriteOptions? options = null)
        where T : class, IReplaceable
    {
        ArgumentNullException.ThrowIfNull(item);
        string path = ApiPath.Of(T.Resource, item.Metadata.Key, options?.Subresource);
        return WriteAsync<T>("update", HttpMethod.Put, path, KubernetesJson.Serialize(item), "application/json", options, cancellationToken);
    }

    /// <summary>Changes an object (or with <see cref="WriteOptions.Subresource"/> its status or another part) by a patch.</summary>
    public Task<T> PatchAsync<T>(NamespacedName key, Patch patch, CancellationToken cancellationToken, WriteOptions? options = null)
        where T : class, IKubernetesObject
    {
        ArgumentNullException.ThrowIfNull(patch);
        if (patch.IsApply && string.IsNullOrEmpty(options?.FieldManager))
            throw new ArgumentException("Server-side apply needs a field manager.", nameof(options));
        string path = ApiPath.Of(T.Resource, key, options?.Subresource);
        if (patch is { IsApply: true, Force: true }) path = ApiPath.Query(path, ("force", "true"));
        return WriteAsync<T>(patch.IsApply ? "apply" : "patch", HttpMethod.Patch, path, patch.Body, patch.ContentType, options, cancellationToken);
    }

    /// <summary>Server-side apply: creates the object or changes the fields that it sets, in the name of the field manager.</summary>
    public Task<T> ApplyAsync<T>(
        T desired, string fieldManager, CancellationToken cancellationToken, bool force = true, WriteOptions? options = null)
        where T : class, IKubernetesObject
    {
        ArgumentNullException.ThrowIfNull(desired);
        return PatchAsync<T>(
            desired.Metadata.Key, Patch.Apply(desired, force), cancellationToken, (options ?? WriteOptions.Default) with { FieldManager = fieldManager });
    }

    /// <summary>Deletes an object; returns whether there was one. With finalizers it lives on until they are gone.</summary>
    public async Task<bool> DeleteAsync<T>(NamespacedName key, CancellationToken cancellationToken, DeleteOptions? options = null)
        where T : class, IKubernetesObject
    {
        options ??= DeleteOptions.Default;
        var body = new DeleteBody
        {
            PropagationPolicy = options.Propagation == Propagation.Default ? null : options.Propagation.ToString(),
            GracePeriodSeconds = options.GracePeriodSeconds,
            Preconditions = options.Uid is null && options.ResourceVersion is null
                ? null : new Preconditions { Uid = options.Uid, ResourceVersion = options.ResourceVersion },
            DryRun = options.DryRun ? ["All"] : [],
        };
        var request = new ApiRequest("delete", HttpMethod.Delete, ApiPath.Of(T.Resource, key), T.Resource.Plural) { Body = KubernetesJson.Serialize(body) };
        try
        {
            return await _transport.SendAsync(request, static (_, _) => Task.FromResult(true), cancellationToken);
        }
        catch (KubernetesException e) when (IsMissingObject(e))
        {
            return false;
        }
    }

    /// <summary>
    /// Changes as they happen. The sequence ends when the server ends the watch, and throws when the connection breaks or the version is too
    /// old (<see cref="KubernetesFailure.Expired"/>). Most callers want an informer instead.
    /// </summary>
    public IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(WatchOptions? options, CancellationToken cancellationToken)
        where T : class, IKubernetesObject => WatchAsync<T>(options, opened: null, cancellationToken);

    /// <summary>Any path by GET, as text: <c>/version</c>, <c>/openapi/v2</c>.</summary>
    public Task<string> GetRawAsync(string path, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(path);
        return _transport.SendAsync(
            new ApiRequest("get", HttpMethod.Get, path.TrimStart('/'), "raw"), static (content, ct) => content.ReadAsStringAsync(ct), cancellationToken);
    }

    /// <summary>The types that a group version serves (empty group: core); empty when the server lacks it.</summary>
    public async Task<IReadOnlyList<ApiResource>> GetApiResourcesAsync(string group, string version, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(group);
        string path = new ResourceType(group, version, "", "", false).Root;
        ApiResourceList list;
        try
        {
            list = await _transport.SendAsync(new ApiRequest("get", HttpMethod.Get, path, "discovery"), ReadAsync<ApiResourceList>, cancellationToken);
        }
        catch (KubernetesException e) when (e.Failure == KubernetesFailure.NotFound)
        {
            return [];
        }

        ILookup<string, string> parts = list.Resources.Where(r => r.Name.Contains('/', StringComparison.Ordinal))
            .Select(r => r.Name.Split('/', 2)).ToLookup(p => p[0], p => p[1]);
        return
        [
            .. list.Resources.Where(r => !r.Name.Contains('/', StringComparison.Ordinal)).Select(r => new ApiResource(
                new ResourceType(group, version, r.Kind, r.Name, r.Namespaced),
                r.Verbs.ToEquatableArray(), parts[r.Name].ToEquatableArray(), r.ShortNames.ToEquatableArray())),
        ];
    }

    /// <summary>The server's version, such as <c>v1.32.0</c>.</summary>
    public async Task<string> GetServerVersionAsync(CancellationToken cancellationToken)
        => (await _transport.SendAsync(
            new ApiRequest("get", HttpMethod.Get, "version", "version"), ReadAsync<VersionInfo>, cancellationToken)).GitVersion;

    /// <summary>Whether we may do something (SelfSubjectAccessReview).</summary>
    public async Task<AccessReview> CanIAsync(AccessRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var review = new SelfSubjectAccessReview
        {
            Spec = new()
            {
                NonResourceAttributes = request.Path is null ? null : new() { Verb = request.Verb, Path = request.Path },
                ResourceAttributes = request.Path is not null ? null : new()
                {
                    Verb = request.Verb,
                    Group = request.Group,
                    Resource = request.Resource,
                    Subresource = request.Subresource,
                    Namespace = request.Namespace,
                    Name = request.Name,
                },
            },
        };
        const string Path = "apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        SelfSubjectAccessReview answer = await _transport.SendAsync(
            new ApiRequest("create", HttpMethod.Post, Path, "selfsubjectaccessreviews") { Body = KubernetesJson.Serialize(review) },
            ReadAsync<SelfSubjectAccessReview>, cancellationToken);
        return new AccessReview(
            answer.Status is { Allowed: true, Denied: false },
            string.IsNullOrEmpty(answer.Status?.Reason) ? answer.Status?.EvaluationError : answer.Status.Reason);
    }

    /// <inheritdoc/>
    public void Dispose() => _transport.Dispose();

    /// <summary>A watch that tells when the server has accepted it.</summary>
    internal async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        WatchOptions? options, Action? opened, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class, IKubernetesObject
    {
        options ??= new();
        string path = ApiPath.Query(
            ApiPath.Of(T.Resource, options.Namespace),
            ("watch", "true"),
            ("labelSelector", options.LabelSelector),
            ("fieldSelector", options.FieldSelector),
            ("resourceVersion", options.ResourceVersion),
            ("allowWatchBookmarks", options.AllowBookmarks ? "true" : null),
            ("timeoutSeconds", ApiPath.Seconds(options.Timeout)));
        var request = new ApiRequest("watch", HttpMethod.Get, path, T.Resource.Plural);
        using HttpResponseMessage response = await _transport.OpenAsync(request, cancellationToken);
        opened?.Invoke();
        await using Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (WatchEvent<T> change in
            WatchReader.ReadAsync<T>(stream, request.ToString(), _options.WatchIdleTimeout, _time, cancellationToken))
        {
            _transport.Touch();
            yield return change;
        }
    }

    private Task<T> WriteAsync<T>(
        string verb, HttpMethod method, string path, ReadOnlyMemory<byte> body, string contentType, WriteOptions? options,
        CancellationToken cancellationToken)
        where T : class, IKubernetesObject
    {
        path = ApiPath.Query(
            path,
            ("fieldManager", options?.FieldManager),
            ("dryRun", options?.DryRun == true ? "All" : null),
            ("fieldValidation", options?.FieldValidation));
        var request = new ApiRequest(verb, method, path, T.Resource.Plural) { Body = body, ContentType = contentType };
        return _transport.SendAsync(request, ReadAsync<T>, cancellationToken);
    }

    private static async Task<T> ReadAsync<T>(HttpContent content, CancellationToken cancellationToken)
    {
        await using Stream stream = await content.ReadAsStreamAsync(cancellationToken);
        return await JsonSerializer.DeserializeAsync(stream, KubernetesJson.TypeInfo<T>(), cancellationToken)
            ?? throw new JsonException("the answer is null");
    }

    /// <summary>An object that is missing is told by a Status with this reason; a type that is missing, by a plain text.</summary>
    private static bool IsMissingObject(KubernetesException e) => e is { StatusCode: HttpStatusCode.NotFound, Reason: "NotFound" };
}
