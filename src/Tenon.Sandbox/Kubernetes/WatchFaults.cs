using Tenon.Sandbox.Control;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes;

/// <summary>What tests do to watches over HTTP: break their connections, tell them that they are too late, forget the past.</summary>
internal sealed class WatchFaults(ClusterStore store)
{
    /// <summary>Adds the routes.</summary>
    public void Map(ControlApi control)
    {
        control.Map("GET", "kubernetes/watches", context => ControlApi.Write(context, new { count = store.CountWatches(ResourceOf(context.Request.Query["resource"])) }));
        control.Map("DELETE", "kubernetes/watches", context =>
        {
            WatchEnd? how = context.Request.Query["how"].ToString() switch
            {
                "" or "drop" => WatchEnd.Dropped,
                "expire" => WatchEnd.Expired,
                "close" => WatchEnd.Closed,
                _ => null,
            };
            return how is { } end
                ? ControlApi.Write(context, new { ended = store.EndWatches(ResourceOf(context.Request.Query["resource"]), end) })
                : ControlApi.Fail(context, 400, "how is drop (the connection breaks), expire (an ERROR event with 410) or close.");
        });
        control.Map("POST", "kubernetes/compact", context =>
        {
            store.Compact();
            return ControlApi.Write(context, new { revision = store.Revision });
        });
    }

    /// <summary>Reads <c>services</c> or <c>deployments.apps</c>; nothing stands for all.</summary>
    private static GroupResource? ResourceOf(string? text)
    {
        if (string.IsNullOrEmpty(text)) return null;
        int dot = text.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? new("", text) : new(text[(dot + 1)..], text[..dot]);
    }
}
