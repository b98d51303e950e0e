using Tenon.Core;
using Tenon.OpenStack.Http;

namespace Tenon.OpenStack.Compute;

public sealed partial class ComputeClient
{
    /// <summary>Orders a server. It is there as soon as this returns, and of use when its status is ACTIVE.</summary>
    /// <returns>The server's ID.</returns>
    /// <exception cref="OpenStackException">Refused; or nobody knows whether it was made, and it is not asked for again.</exception>
    public async Task<string> CreateServerAsync(ServerCreate server, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(server);
        var order = new ApiCall
        {
            Operation = "compute.servers.create",
            Method = HttpMethod.Post,
            Path = "servers",
            Microversion = _version.Value,
            Body = JsonBody.Of("server", b =>
            {
                b.Set("name", server.Name);
                b.Set("flavorRef", server.FlavorId);
                b.Set("imageRef", server.ImageId);
                b.Set("availability_zone", server.AvailabilityZone);
                b.Objects("networks", server.NetworkIds, (o, id) => o.Set("uuid", id));
                if (!server.Metadata.IsEmpty) b.Map("metadata", server.Metadata);
            }),
        };
        ServerRootWire answer = await NegotiatedAsync(order, call => _channel.SendAsync(call, ComputeJson.Default.ServerRootWire, cancellationToken), cancellationToken);
        return _channel.Found(order, answer.Server).Id;
    }

    /// <summary>Deletes a server; one that is gone is no error. It disappears from lists when the deletion is done.</summary>
    public Task DeleteServerAsync(string serverId, CancellationToken cancellationToken)
        => _channel.DeleteAsync(
            new() { Operation = "compute.servers.delete", Method = HttpMethod.Delete, Path = $"servers/{Uri.EscapeDataString(serverId)}", Microversion = _version.Value },
            cancellationToken);

    /// <summary>The flavors that the project may use.</summary>
    public async Task<EquatableArray<ServerFlavor>> ListFlavorsAsync(CancellationToken cancellationToken)
    {
        FlavorsWire? answer = await ReadAsync("compute.flavors.list", "flavors/detail", ComputeJson.Default.FlavorsWire, cancellationToken);
        return (answer?.Flavors ?? []).Select(f => new ServerFlavor(f.Id ?? "", f.Name ?? "", f.Vcpus ?? 0, f.Ram ?? 0, f.Disk ?? 0)).ToEquatableArray();
    }
}
