using Tenon.Conformance.Tests.Support;

namespace Tenon.EndToEnd.Tests.Cloud.Support;

/// <summary>Deletes everything that a project owns, whatever state a test left it in.</summary>
internal sealed class ProjectPurge(Wire member)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(300);

    /// <summary>Deletes until nothing is left or the patience is; returns what is left.</summary>
    public async Task<List<CloudThing>> RunAsync(TimeSpan patience)
    {
        long began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            List<CloudThing> things = await CloudInventory.ListAsync(member);
            if (things.Count == 0 || TimeProvider.System.GetElapsedTime(began) > patience) return things;
            foreach (CloudThing thing in things.OrderBy(t => Array.IndexOf(CloudKind.All, t.Kind))) await DeleteAsync(thing);
            await Task.Delay(Look, TimeProvider.System, CancellationToken.None);
        }
    }

    /// <summary>One try; what is still in use, or meets a service that is busy, is deleted in a later round.</summary>
    private async Task DeleteAsync(CloudThing thing)
    {
        CloudKind kind = thing.Kind;
        if (kind == CloudKind.Member || (kind == CloudKind.Port && thing["device_owner"].StartsWith("network:", StringComparison.Ordinal))) return;
        if (kind == CloudKind.Router) await EmptyAsync(thing.Id);
        string cascade = kind == CloudKind.LoadBalancer ? "?cascade=true" : "";
        Answer answer = await member.DeleteAsync(kind.Service, $"{kind.Path}/{thing.Id}{cascade}");
        answer.Status.ShouldBeOneOf([200, 202, 204, 400, 403, 404, 409, 500, 502, 503, 504], $"{answer.Request}: {answer.Text}");
    }

    private async Task EmptyAsync(string routerId)
    {
        await member.PutAsync("network", $"/v2.0/routers/{routerId}", new { router = new { routes = Array.Empty<object>() } });
        Answer ports = await member.GetAsync("network", $"/v2.0/ports?device_id={routerId}&device_owner=network:router_interface");
        foreach (var port in ports.ShouldBe(200).List("ports"))
        {
            Answer answer = await member.PutAsync("network", $"/v2.0/routers/{routerId}/remove_router_interface", new { port_id = port["id"]!.ToString() });
            answer.Status.ShouldBeOneOf([200, 404, 409], $"{answer.Request}: {answer.Text}");
        }
    }
}
