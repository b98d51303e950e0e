using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.Compute;

/// <summary>What cases about servers share.</summary>
internal static class Nova
{
    /// <summary>No server has it.</summary>
    public const string Nobody = "00000000-0000-0000-0000-000000000000";

    /// <summary>The header that asks for a microversion.</summary>
    public static string V(string version) => $"OpenStack-API-Version: compute {version}";

    /// <summary>Waits until a server has a status and no task, and answers it.</summary>
    public static async Task<Answer> BecomesAsync(Wire wire, string id, string status)
    {
        Answer settled = await Scratch.UntilAsync(
            () => wire.GetAsync("compute", $"/servers/{id}", V("2.69")),
            a => a["server/OS-EXT-STS:task_state"] is null && a["server/status"] is not (null or "BUILD") && (a["server/status"] == status || a["server/status"] == "ERROR"),
            $"{status}: {id}");
        settled["server/status"].ShouldBe(status, settled.Text);
        return settled;
    }

    /// <summary>Waits until a server is not there any more.</summary>
    public static Task<Answer> IsGoneAsync(Wire wire, string id)
        => Scratch.UntilAsync(() => wire.GetAsync("compute", $"/servers/{id}"), a => a.Status == 404, $"gone: {id}");

    /// <summary>An action on a server.</summary>
    public static Task<Answer> ActAsync(this Wire wire, string id, object body) => wire.PostAsync("compute", $"/servers/{id}/action", body);

    /// <summary>
    /// The states that a server goes through until it has one of the last state and no task; which of those in between are seen is a matter of luck.
    /// </summary>
    public static async Task<IReadOnlyList<string>> StatesAsync(Wire wire, string id, string last)
    {
        var seen = new List<string>();
        await Scratch.UntilAsync(
            () => wire.GetAsync("compute", $"/servers/{id}"),
            a =>
            {
                string state = a.Status == 404 ? "gone" : $"{a["server/status"]}/{a["server/OS-EXT-STS:vm_state"]}/{a["server/OS-EXT-STS:task_state"]}";
                if (seen.LastOrDefault() != state) seen.Add(state);
                return state == last;
            },
            last);
        return seen;
    }

    /// <summary>Demands that states came in an order, of which some may have been missed; the last must be there.</summary>
    public static void ShouldFollow(this IReadOnlyList<string> seen, params string[] order)
    {
        int at = -1;
        foreach (string state in seen)
        {
            int next = Array.IndexOf(order, state, at + 1);
            next.ShouldBeGreaterThan(at, $"{state} is not in its place: {string.Join(" → ", seen)}");
            at = next;
        }

        seen[^1].ShouldBe(order[^1]);
    }

    /// <summary>Demands Nova's error: the name that goes with the status, its code and its message.</summary>
    public static Answer ShouldRefuse(this Answer answer, int status, string name, string message)
    {
        answer.ShouldBe(status);
        answer[$"{name}/code"].ShouldBe(status.ToString());
        answer[$"{name}/message"].ShouldBe(message);
        return answer;
    }
}

/// <summary>What a cloud's servers are made of: its smallest flavor, a public image and its zones.</summary>
public sealed record Recipe(string Flavor, string FlavorName, int Ram, int Cpus, string Image, IReadOnlyList<string> Zones)
{
    /// <summary>Finds them.</summary>
    public static async Task<Recipe> FindAsync(CloudSide cloud)
    {
        JsonObject flavor = (await cloud.Member.GetAsync("compute", "/flavors/detail")).ShouldBe(200).List("flavors").MinBy(f => (int)f["ram"]!)!;
        string image = (await cloud.Member.GetAsync("image", "/v2/images?visibility=public&status=active")).ShouldBe(200)["images/0/id"]!;
        Answer zones = (await cloud.Member.GetAsync("compute", "/os-availability-zone")).ShouldBe(200);
        return new(
            flavor["id"]!.ToString(), flavor["name"]!.ToString(), (int)flavor["ram"]!, (int)flavor["vcpus"]!, image,
            [.. zones.List("availabilityZoneInfo").Select(z => z["zoneName"]!.ToString()).Order(StringComparer.Ordinal)]);
    }

    /// <summary>The body for a server, without a network unless more says otherwise (microversion 2.37 on).</summary>
    public JsonObject Server(string name, object? more = null)
    {
        var server = new JsonObject { ["name"] = name, ["flavorRef"] = Flavor, ["imageRef"] = Image, ["networks"] = "none" };
        foreach ((string key, JsonNode? value) in more is null ? [] : JsonSerializer.SerializeToNode(more)!.AsObject())
        {
            if (value is null) server.Remove(key);
            else server[key] = value.DeepClone();
        }

        return new() { ["server"] = server };
    }
}
