using System.Net;
using Tenon.OpenStack;
using Tenon.OpenStack.Networking;

namespace Tenon.CloudController.Routes;

/// <summary>
/// Writes many routes in one call: through the atomic API where the cloud has it, else as the whole list under the router's revision. When
/// the cloud refuses some, it finds out which, so that the others are made.
/// </summary>
internal sealed class RouteWriter(IRouteClient client, bool atomic)
{
    private const int Attempts = 5;

    private readonly Dictionary<Route, OpenStackException> _refused = [];
    private OpenStackException? _full;

    /// <summary>The routes that the cloud refused, with its reasons.</summary>
    public IReadOnlyDictionary<Route, OpenStackException> Refused => _refused;

    /// <summary>Adds first, then removes, so that a route that changes its next hop is never missing.</summary>
    public async Task WriteAsync(Router router, RouteChange.SetRoutes change, CancellationToken cancellationToken)
    {
        if (atomic)
        {
            await AddAsync([.. change.Add], (routes, token) => client.AddRoutesAsync(router.Id, routes, token), cancellationToken);
            if (!change.Remove.IsEmpty) await client.RemoveRoutesAsync(router.Id, change.Remove, cancellationToken);
            return;
        }

        Route[] remove = [.. change.Remove];
        if (change.Add.IsEmpty)
        {
            await ReplaceAsync(router, [], remove, cancellationToken);
            return;
        }

        await AddAsync([.. change.Add], (routes, token) => ReplaceAsync(routes.Length == change.Add.Count ? router : null, routes, remove, token), cancellationToken);
        if (_refused.Count == change.Add.Count && remove.Length > 0) await ReplaceAsync(null, [], remove, cancellationToken);

        async Task ReplaceAsync(Router? known, Route[] add, Route[] gone, CancellationToken token)
        {
            for (int attempt = 1; ; attempt++)
            {
                Router current = known ?? await client.GetRouterAsync(router.Id, token)
                    ?? throw new OpenStackException(OpenStackErrorKind.NotFound, "network", "network.routers.get", HttpStatusCode.NotFound, null, $"there is no router {router.Id}");
                HashSet<Route> without = [.. gone.Select(RoutePlanner.Canonical)];
                HashSet<Route> present = [.. current.Routes.Select(RoutePlanner.Canonical)];
                Route[] list = [.. current.Routes.Where(r => !without.Contains(RoutePlanner.Canonical(r))), .. add.Where(r => !present.Contains(r))];
                if (list.SequenceEqual(current.Routes)) return;
                try
                {
                    await client.ReplaceRoutesAsync(router.Id, list, current.Revision, token);
                    return;
                }
                catch (OpenStackException exception) when (exception.Status == HttpStatusCode.PreconditionFailed && attempt < Attempts)
                {
                    // Somebody else changed the router: begin again from what it has now.
                    known = null;
                }
            }
        }
    }

    private async Task AddAsync(Route[] routes, Func<Route[], CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        if (routes.Length == 0) return;
        if (_full is { } full)
        {
            foreach (Route route in routes) _refused[route] = full;
            return;
        }

        try
        {
            await write(routes, cancellationToken);
        }
        catch (OpenStackException exception) when (IsRefusal(exception))
        {
            if (routes.Length == 1)
            {
                _refused[routes[0]] = exception;
                if (exception.Kind == OpenStackErrorKind.Quota) _full = exception;
                return;
            }

            int half = routes.Length / 2;
            await AddAsync(routes[..half], write, cancellationToken);
            await AddAsync(routes[half..], write, cancellationToken);
        }
    }

    private static bool IsRefusal(OpenStackException exception)
        => exception.Kind is OpenStackErrorKind.BadRequest or OpenStackErrorKind.Forbidden or OpenStackErrorKind.Quota or OpenStackErrorKind.Conflict
            && exception.Status != HttpStatusCode.PreconditionFailed;
}
