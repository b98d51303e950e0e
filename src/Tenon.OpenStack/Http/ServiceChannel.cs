using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tenon.OpenStack.Identity;

namespace Tenon.OpenStack.Http;

/// <summary>Calls one service in one region.</summary>
internal sealed class ServiceChannel(string serviceType, string? region, Transport transport, TokenSource tokens) : ICallTarget
{
    private const int MaxPages = 100_000;
    private readonly ConcurrentDictionary<string, ServiceRoot> _roots = new(StringComparer.Ordinal);

    public int PageSize => transport.Options.PageSize;

    async ValueTask<CallDestination> ICallTarget.ResolveAsync(ApiCall call, CancellationToken cancellationToken)
    {
        AccessGrant grant = await tokens.GetAsync(cancellationToken);
        string endpoint = EndpointCatalog.Find(grant.Identity.Catalog, tokens.Credentials, serviceType, region, call.Operation);
        ServiceRoot root = _roots.GetOrAdd(endpoint, static (url, type) => ServiceRoot.Of(type, url), serviceType);
        string start = !call.AtRoot ? root.Base : serviceType == ServiceTypes.Compute ? root.Version : root.Unversioned;
        return new(new(start + call.Path + call.Query), grant.Token, grant);
    }

    bool ICallTarget.Reject(CallDestination destination) => destination.Grant is { } grant && tokens.Reject(grant);

    /// <summary>Sends a call and reads its JSON answer.</summary>
    public Task<T> SendAsync<T>(ApiCall call, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        => transport.ExecuteAsync(serviceType, call, this, (response, ct) => ReadJsonAsync(response, type, ct), cancellationToken);

    /// <summary>Sends a call whose answer has no content that matters.</summary>
    public Task SendAsync(ApiCall call, CancellationToken cancellationToken)
        => transport.ExecuteAsync(serviceType, call, this, static (_, _) => Task.FromResult(true), cancellationToken);

    /// <summary>Gets a resource, or <see langword="null"/> when there is none.</summary>
    public async Task<T?> GetAsync<T>(ApiCall call, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return await SendAsync(call, type, cancellationToken);
        }
        catch (OpenStackException e) when (e.Kind == OpenStackErrorKind.NotFound)
        {
            return null;
        }
    }

    /// <summary>Deletes a resource; one that is not there does no harm.</summary>
    public async Task DeleteAsync(ApiCall call, CancellationToken cancellationToken)
    {
        try
        {
            await SendAsync(call, cancellationToken);
        }
        catch (OpenStackException e) when (e.Kind == OpenStackErrorKind.NotFound)
        {
            // Somebody was faster, or our own first attempt was.
        }
    }

    /// <summary>
    /// A list, page by page. Only the marker of a page's link is used: the rest of the link may name another host (behind a
    /// proxy) and, as Octavia's does, lack the filters.
    /// </summary>
    public async IAsyncEnumerable<TItem> ListAsync<TPage, TItem>(
        ApiCall call, JsonTypeInfo<TPage> type, Func<TItem, string> idOf, [EnumeratorCancellation] CancellationToken cancellationToken)
        where TPage : IPage<TItem>
    {
        Query[] parts = [.. call.Query.Split()];
        HashSet<string>? seen = parts.Length > 1 ? new(StringComparer.Ordinal) : null;
        foreach (Query part in parts)
        {
            Query query = part;
            string? marker = null;
            for (int pages = 1; ; pages++)
            {
                TPage page = await SendAsync(call with { Query = query }, type, cancellationToken);
                foreach (TItem item in page.Items)
                {
                    if (seen is null || seen.Add(idOf(item))) yield return item;
                }

                string? next = page.Items.Count == 0 ? null : page.NextLink is { } link ? Query.Find(link, "marker") : null;
                if (next is null) break;
                if (next == marker || pages == MaxPages) throw Endless(call, next);
                marker = next;
                query = part.Replacing("marker", marker);
            }
        }
    }

    /// <summary>What an answer must hold.</summary>
    /// <exception cref="OpenStackException">It does not.</exception>
    public T Found<T>(ApiCall call, T? value)
        where T : class
        => value ?? throw new OpenStackException(
            OpenStackErrorKind.Internal, serviceType, call.Operation, null, null, "the answer lacks the resource that it should hold");

    private OpenStackException Endless(ApiCall call, string marker)
        => new(OpenStackErrorKind.Internal, serviceType, call.Operation, null, null, $"the list does not end: page after page leads to {marker}");

    private static async Task<T> ReadJsonAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        await using Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        return await JsonSerializer.DeserializeAsync(stream, type, cancellationToken)
            ?? throw new JsonException("null where an object was expected");
    }
}

/// <summary>A page of a list as services send it.</summary>
internal interface IPage<TItem>
{
    IReadOnlyList<TItem> Items { get; }

    /// <summary>The link with <c>rel: next</c>, if there is one.</summary>
    string? NextLink { get; }
}

/// <summary>A link of a page.</summary>
internal sealed record LinkWire(string? Rel, string? Href)
{
    public static string? Next(IEnumerable<LinkWire>? links) => links?.FirstOrDefault(l => l.Rel == "next")?.Href;
}
