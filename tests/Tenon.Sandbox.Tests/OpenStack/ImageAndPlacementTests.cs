namespace Tenon.Sandbox.Tests.OpenStack;

public sealed class ImageAndPlacementTests
{
    private const int Limit = 30_000;

    [Fact(Timeout = Limit)]
    public async Task An_image_is_queued_until_its_bytes_come()
    {
        await using CloudClient cloud = await CloudClient.StartAsync();
        WireAnswer created = (await cloud.Post("/image/v2/images", new { name = "i1", disk_format = "raw", container_format = "bare" })).ShouldBe(201);
        string id = created["id"]!;
        created["status"].ShouldBe("queued");
        created["visibility"].ShouldBe("shared");
        (await cloud.Send("PUT", $"/image/v2/images/{id}/file", "hello")).ShouldBe(204);
        WireAnswer active = await cloud.Get($"/image/v2/images/{id}");
        active["status"].ShouldBe("active");
        active["size"].ShouldBe("5");
        active["checksum"].ShouldBe("5d41402abc4b2a76b9719d911017c592");
        (await cloud.Send("PUT", $"/image/v2/images/{id}/file", "again")).ShouldBe(409);
        (await cloud.Get($"/image/v2/images/{id}/file")).Text.ShouldBe("hello");
        (await cloud.Send("PATCH", $"/image/v2/images/{id}", """[{"op":"add","path":"/foo","value":"bar"}]""")).ShouldBe(200)["foo"].ShouldBe("bar");
        (await cloud.Get($"/image/v2/images/{id}", "admin")).ShouldBe(200);
        (await cloud.Delete($"/image/v2/images/{id}")).ShouldBe(204);
        (await cloud.Get($"/image/v2/images/{id}")).ShouldBe(404).Text.ShouldContain($"No image found with ID {id}");
    }

    [Fact(Timeout = Limit)]
    public async Task Image_lists_are_filtered_and_paged_by_next()
    {
        await using CloudClient cloud = await CloudClient.StartAsync();
        for (int i = 0; i < 3; i++) (await cloud.Post("/image/v2/images", new { name = $"i{i}" })).ShouldBe(201);
        var names = new List<string>();
        string? path = "/v2/images?limit=2&sort=name:asc";
        while (path is not null && names.Count < 10)
        {
            WireAnswer page = (await cloud.Get("/image" + path)).ShouldBe(200);
            names.AddRange(page.At("images")!.AsArray().Select(i => (string)i!["name"]!));
            path = page["next"];
        }

        names.ShouldBe(["cirros", "i0", "i1", "i2"]);
        (await cloud.Get("/image/v2/images?name=i1")).At("images")!.AsArray().Count.ShouldBe(1);
        (await cloud.Get("/image/v2/images?visibility=public")).At("images")!.AsArray().Count.ShouldBe(1);
        (await cloud.Post("/image/v2/images", new { name = "x", disk_format = "bogus" })).ShouldBe(400).Text.ShouldContain("is not one of");
        (await cloud.Get("/image/v2/images", user: null)).ShouldBe(401).Text.ShouldContain("<h1>401 Unauthorized</h1>");
        (await cloud.Get("/image/", user: null)).ShouldBe(300)["versions/0/links/0/href"].ShouldBe($"{cloud.Root}/image/v2/");
    }

    [Fact(Timeout = Limit)]
    public async Task Placement_adds_up_what_servers_use()
    {
        await using CloudClient cloud = await CloudClient.StartAsync();
        const string version = "OpenStack-API-Version: placement 1.39";
        WireAnswer providers = (await cloud.Get("/placement/resource_providers", "admin", version)).ShouldBe(200);
        providers.At("resource_providers")!.AsArray().Count.ShouldBe(3);
        string id = providers["resource_providers/0/uuid"]!;
        (await cloud.Get($"/placement/resource_providers/{id}/usages", "admin")).ShouldBe(200)["usages/VCPU"].ShouldBe("2");
        (await cloud.Get("/placement/resource_providers")).ShouldBe(403)["errors/0/detail"]!.ShouldContain("Policy does not allow placement:resource_providers:list to be performed.");
        (await cloud.Get("/placement/resource_providers/nope", "admin")).ShouldBe(404)["errors/0/title"].ShouldBe("Not Found");
        (await cloud.Get("/placement/resource_providers", "admin", "OpenStack-API-Version: placement 1.99")).ShouldBe(406)["errors/0/max_version"].ShouldBe("1.39");
        (await cloud.Get($"/placement/resource_providers/{id}/traits", "admin")).ShouldBe(404);
    }
}
