using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Tenon.Core;
using Tenon.OpenStack.Http;

namespace Tenon.OpenStack.Compute;

/// <summary>
/// Nova. Asks for microversion 2.69 at once, and only when the service refuses it finds out what the service has. 2.47
/// brings the flavor's name, 2.26 tags; 2.69 lists servers of a cell that is down as UNKNOWN instead of leaving them out,
/// which would look like their deletion. It does so only where no limit is asked for, so that none is, unless the caller
/// wants pages: Nova has pages of its own (1000 servers, as a rule) and links them.
/// </summary>
public sealed partial class ComputeClient : IServerReader, IComputeCapabilities
{
    private static readonly ApiVersion Preferred = new(2, 69);
    private static readonly ApiVersion WithTags = new(2, 26);

    private readonly ServiceChannel _channel;
    private volatile Negotiated _version = new(Preferred);

    internal ComputeClient(ServiceChannel channel) => _channel = channel;

    /// <inheritdoc/>
    public async IAsyncEnumerable<Server> ListServersAsync(ServerQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        if (!query.Tags.IsEmpty) await RequireTagsAsync(cancellationToken);
        Query filters = Query.Empty
            .With("name", query.Name is null ? null : $"^{Regex.Escape(query.Name)}$")
            .With("status", query.Status)
            .WithJoined("tags", query.Tags)
            .With("changes-since", query.ChangesSince?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"))
            .With("limit", query.PageSize);

        // The first page settles the version, so that a refusal of it can still be mended.
        bool settled = false;
        while (!settled)
        {
            ApiCall call = Get("compute.servers.list", "servers/detail", filters);
            IAsyncEnumerator<ServerWire> servers = _channel
                .ListAsync<ServersWire, ServerWire>(call, ComputeJson.Default.ServersWire, s => s.Id, cancellationToken)
                .GetAsyncEnumerator(cancellationToken);
            await using (servers.ConfigureAwait(false))
            {
                bool any;
                try
                {
                    any = await servers.MoveNextAsync();
                }
                catch (OpenStackException e) when (IsVersionRefused(e, call))
                {
                    await NegotiateAsync(call.Microversion, cancellationToken);
                    continue;
                }

                settled = true;
                for (; any; any = await servers.MoveNextAsync())
                {
                    if (query.Name is null || servers.Current.Name == query.Name) yield return servers.Current.ToServer();
                }
            }
        }
    }

    /// <inheritdoc/>
    public async Task<Server?> GetServerAsync(string serverId, CancellationToken cancellationToken)
    {
        ServerRootWire? answer = await ReadAsync("compute.servers.get", $"servers/{Uri.EscapeDataString(serverId)}", ComputeJson.Default.ServerRootWire, cancellationToken);
        return answer?.Server?.ToServer();
    }

    /// <inheritdoc/>
    public async Task<EquatableArray<ServerInterface>> ListInterfacesAsync(string serverId, CancellationToken cancellationToken)
    {
        InterfacesWire? answer = await ReadAsync(
            "compute.interfaces.list", $"servers/{Uri.EscapeDataString(serverId)}/os-interface", ComputeJson.Default.InterfacesWire, cancellationToken);
        return (answer?.InterfaceAttachments ?? []).Select(i => new ServerInterface(
            i.PortId ?? "",
            i.NetId ?? "",
            i.MacAddr ?? "",
            i.PortState ?? "",
            (i.FixedIps ?? []).Select(a => new InterfaceAddress(a.SubnetId ?? "", a.IpAddress ?? "")).ToEquatableArray())).ToEquatableArray();
    }

    /// <inheritdoc/>
    public async Task<EquatableArray<ComputeZone>> ListZonesAsync(CancellationToken cancellationToken)
    {
        ZonesWire? answer = await ReadAsync("compute.zones.list", "os-availability-zone", ComputeJson.Default.ZonesWire, cancellationToken);
        return (answer?.Zones ?? []).Select(z => new ComputeZone(z.ZoneName ?? "", z.ZoneState?.Available ?? false)).ToEquatableArray();
    }

    /// <inheritdoc/>
    public async Task<ComputeLimits> GetLimitsAsync(CancellationToken cancellationToken)
    {
        LimitsRootWire? answer = await ReadAsync("compute.limits.get", "limits", ComputeJson.Default.LimitsRootWire, cancellationToken);
        AbsoluteLimitsWire? limits = answer?.Limits?.Absolute;
        return new()
        {
            MaxInstances = limits?.MaxInstances ?? -1,
            UsedInstances = limits?.UsedInstances ?? 0,
            MaxCores = limits?.MaxCores ?? -1,
            UsedCores = limits?.UsedCores ?? 0,
            MaxRamMiB = limits?.MaxRam ?? -1,
            UsedRamMiB = limits?.UsedRam ?? 0,
        };
    }

    /// <inheritdoc/>
    public async Task<MicroversionRange> GetVersionsAsync(CancellationToken cancellationToken)
    {
        var call = new ApiCall { Operation = "compute.versions.get", Method = HttpMethod.Get, Path = "", AtRoot = true };
        VersionDocumentWire answer = await _channel.SendAsync(call, ComputeJson.Default.VersionDocumentWire, cancellationToken);
        ApiVersion? lowest = ApiVersion.TryParse(answer.Version?.MinVersion, out ApiVersion min) ? min : null;
        ApiVersion? highest = ApiVersion.TryParse(answer.Version?.Version, out ApiVersion max) ? max : null;
        return new(lowest, highest);
    }

    private static bool IsVersionRefused(OpenStackException e, ApiCall call)
        => e.Status == System.Net.HttpStatusCode.NotAcceptable && call.Microversion is not null;

    private ApiCall Get(string operation, string path, Query? filters = null) => new()
    {
        Operation = operation,
        Method = HttpMethod.Get,
        Path = path,
        Query = filters ?? Query.Empty,
        Microversion = _version.Value,
    };

    /// <summary>Reads; <see langword="null"/> for what does not exist.</summary>
    private Task<T?> ReadAsync<T>(string operation, string path, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
        => NegotiatedAsync(Get(operation, path), call => _channel.GetAsync(call, type, cancellationToken), cancellationToken);

    /// <summary>Calls, and once more with another microversion when the service refuses ours.</summary>
    private async Task<T> NegotiatedAsync<T>(ApiCall call, Func<ApiCall, Task<T>> send, CancellationToken cancellationToken)
    {
        try
        {
            return await send(call);
        }
        catch (OpenStackException e) when (IsVersionRefused(e, call))
        {
            await NegotiateAsync(call.Microversion, cancellationToken);
            return await send(call with { Microversion = _version.Value });
        }
    }

    /// <summary>Settles on the highest microversion that both sides know; none for services without.</summary>
    private async Task NegotiateAsync(ApiVersion? refused, CancellationToken cancellationToken)
    {
        MicroversionRange range = await GetVersionsAsync(cancellationToken);
        if (range.Minimum is { } min && min > Preferred) throw Unsupported($"needs at least microversion {min}, but this program knows {Preferred}");
        ApiVersion? settled = range.Maximum is { } max ? (max < Preferred ? max : Preferred) : null;
        if (settled == refused) throw Unsupported($"refuses microversion {refused} although it announces it");
        _version = new(settled);
    }

    private async Task RequireTagsAsync(CancellationToken cancellationToken)
    {
        MicroversionRange range = await GetVersionsAsync(cancellationToken);
        if (range.Maximum is null || range.Maximum < WithTags) throw Unsupported("has no server tags (microversion 2.26)");
    }

    private static OpenStackException Unsupported(string why)
        => new(OpenStackErrorKind.NotImplemented, ServiceTypes.Compute, "compute.versions.get", null, null, $"the service {why}");

    private sealed record Negotiated(ApiVersion? Value);
}
